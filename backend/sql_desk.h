/* Statements of backend/desk*.c; part of sql.h. */
#ifndef PRIDVOR_SQL_DESK_H
#define PRIDVOR_SQL_DESK_H

#define SQL_DESK_TABLE(X)                                                                                    \
    X(SQL_DESK_INSTITUTION, desk_institution, 1)                                                             \
    X(SQL_DESK_COUNTS, desk_counts, 6)                                                                       \
    X(SQL_DESK_DUE_ASC, desk_due_asc, 13)                                                                    \
    X(SQL_DESK_DUE_DESC, desk_due_desc, 13)                                                                  \
    X(SQL_DESK_NUMBER_ASC, desk_number_asc, 11)                                                              \
    X(SQL_DESK_NUMBER_DESC, desk_number_desc, 11)                                                            \
    X(SQL_DESK_REGISTERED_ASC, desk_registered_asc, 11)                                                      \
    X(SQL_DESK_REGISTERED_DESC, desk_registered_desc, 11)                                                    \
    X(SQL_DESK_ALL_ASC, desk_all_asc, 11)                                                                    \
    X(SQL_DESK_ALL_DESC, desk_all_desc, 11)                                                                  \
    X(SQL_DESK_PRINT, desk_print, 7)                                                                         \
    X(SQL_DESK_ATTENTION, desk_attention, 7)                                                                 \
    X(SQL_DESK_MINE, desk_mine, 8)                                                                           \
    X(SQL_DESK_TASKS, desk_tasks, 8)                                                                         \
    X(SQL_DESK_USERS, desk_users, 2)                                                                         \
    X(SQL_DESK_INSTITUTIONS, desk_institutions, 0)                                                           \
    X(SQL_DESK_HOLIDAYS, desk_holidays, 0)                                                                   \
    X(SQL_DESK_HOLIDAY_LOCK, desk_holiday_lock, 0)                                                           \
    X(SQL_DESK_HOLIDAY_ADD, desk_holiday_add, 3)                                                             \
    X(SQL_DESK_HOLIDAY_WITHDRAW, desk_holiday_withdraw, 2)                                                   \
    X(SQL_DESK_AUDIT, desk_audit, 2)                                                                         \
    X(SQL_DESK_MESSAGES, desk_messages, 2)                                                                   \
    X(SQL_DESK_MESSAGE_PLACE, desk_message_place, 1)                                                         \
    X(SQL_DESK_TEAM, desk_team, 5)                                                                           \
    X(SQL_DESK_FORWARDED_LATE, desk_forwarded_late, 4)                                                       \
    X(SQL_DESK_DELEGATIONS, desk_delegations, 4)                                                             \
    X(SQL_DESK_SAID, desk_said, 2)                                                                           \
    X(SQL_DESK_PRESENT, desk_present, 2)                                                                     \
    X(SQL_DESK_OTHERS, desk_others, 2)                                                                       \
    X(SQL_DESK_CASE_TERM, desk_case_term, 1)                                                                 \
    X(SQL_DESK_CASE_PARTS, desk_case_parts, 2)                                                               \
    X(SQL_DESK_TAKEN, desk_taken, 2)                                                                         \
    X(SQL_DESK_ONCE_TAKE, desk_once_take, 5)                                                                 \
    X(SQL_DESK_ONCE_KEPT, desk_once_kept, 3)                                                                 \
    X(SQL_DESK_ONCE_DONE, desk_once_done, 3)

#endif
