/* Statements of backend/case*.c; part of sql.h. */
#ifndef PRIDVOR_SQL_CASE_H
#define PRIDVOR_SQL_CASE_H

#define SQL_CASE_TABLE(X)                                                                                    \
    X(SQL_CASE_ADD, case_add, 31)                                                                            \
    X(SQL_CASE_CNP, case_cnp, 1)                                                                             \
    X(SQL_CASE_CONNEXED, case_connexed, 1)                                                                   \
    X(SQL_CASE_COPY_PAPERS, case_copy_papers, 5)                                                             \
    X(SQL_CASE_PLACES_LEFT, case_places_left, 3)                                                             \
    X(SQL_CASE_PLACES_LOCK, case_places_lock, 2)                                                             \
    X(SQL_CASE_PLACES_PUT, case_places_put, 5)                                                               \
    X(SQL_CASE_CORRECTIONS, case_corrections, 1)                                                             \
    X(SQL_CASE_DELEGATION_ADD, case_delegation_add, 7)                                                       \
    X(SQL_CASE_DELEGATION_END, case_delegation_end, 3)                                                       \
    X(SQL_CASE_DELEGATION_FOR, case_delegation_for, 2)                                                       \
    X(SQL_CASE_DELEGATION_GET, case_delegation_get, 1)                                                       \
    X(SQL_CASE_DOCUMENT_HERE, case_document_here, 2)                                                         \
    X(SQL_CASE_EVENT_ADD, case_event_add, 9)                                                                 \
    X(SQL_CASE_EVENTS, case_events, 2)                                                                       \
    X(SQL_CASE_FACTS, case_facts, 3)                                                                         \
    X(SQL_CASE_FIND, case_find, 5)                                                                           \
    X(SQL_CASE_FLOOD, case_flood, 0)                                                                         \
    X(SQL_CASE_GET, case_get, 1)                                                                             \
    X(SQL_CASE_HAPPENED, case_happened, 2)                                                                   \
    X(SQL_CASE_HOLIDAYS_DONE, case_holidays_done, 2)                                                         \
    X(SQL_CASE_HOLIDAYS_NEW, case_holidays_new, 0)                                                           \
    X(SQL_CASE_INSTITUTION, case_institution, 1)                                                             \
    X(SQL_CASE_LINK_ADD, case_link_add, 5)                                                                   \
    X(SQL_CASE_LIST, case_list, 3)                                                                           \
    X(SQL_CASE_LOCK, case_lock, 1)                                                                           \
    X(SQL_CASE_LOCK_ONE, case_lock_one, 1)                                                                   \
    X(SQL_CASE_MARK_SET, case_mark_set, 1)                                                                   \
    X(SQL_CASE_MOMENTS, case_moments, 1)                                                                     \
    X(SQL_CASE_NOTE_ADD, case_note_add, 5)                                                                   \
    X(SQL_CASE_OPEN_TERMS, case_open_terms, 2)                                                               \
    X(SQL_CASE_OWE, case_owe, 9)                                                                             \
    X(SQL_CASE_PENDING, case_pending, 1)                                                                     \
    X(SQL_CASE_REPEATS, case_repeats, 6)                                                                     \
    X(SQL_CASE_REQUEST, case_request, 1)                                                                     \
    X(SQL_CASE_RETURN_ADD, case_return_add, 6)                                                               \
    X(SQL_CASE_RETURN_ANSWER, case_return_answer, 3)                                                         \
    X(SQL_CASE_RETURN_GET, case_return_get, 2)                                                               \
    X(SQL_CASE_REVOKE, case_revoke, 3)                                                                       \
    X(SQL_CASE_SAVE, case_save, 18)                                                                          \
    X(SQL_CASE_STAND_IN, case_stand_in, 2)                                                                   \
    X(SQL_CASE_TASKS_CLOSE, case_tasks_close, 3)                                                             \
    X(SQL_CASE_TASK_ADD, case_task_add, 11)                                                                  \
    X(SQL_CASE_TASKS_FOLLOW, case_tasks_follow, 1)                                                           \
    X(SQL_CASE_TASK_DONE, case_task_done, 5)                                                                 \
    X(SQL_CASE_TASK_GET, case_task_get, 2)                                                                   \
    X(SQL_CASE_TASK_PLACES, case_task_places, 1)                                                             \
    X(SQL_CASE_TASKS_OPEN, case_tasks_open, 1)                                                               \
    X(SQL_CASE_TERM_ADD, case_term_add, 12)                                                                  \
    X(SQL_CASE_TERM_MOVE, case_term_move, 9)                                                                 \
    X(SQL_CASE_TERM_STOP, case_term_stop, 3)                                                                 \
    X(SQL_CASE_TERMS_OPEN, case_terms_open, 1)                                                               \
    X(SQL_CASE_TIMER_RING, case_timer_ring, 4)                                                               \
    X(SQL_CASE_TIMERS_DUE, case_timers_due, 2)                                                               \
    X(SQL_CASE_WIND, case_wind, 5)                                                                           \
    X(SQL_CASE_UNOPENED_DUE, case_unopened_due, 2)                                                           \
    X(SQL_CASE_UNOPENED_PUT, case_unopened_put, 3)                                                           \
    X(SQL_CASE_UNOPENED_DONE, case_unopened_done, 2)                                                         \
    X(SQL_CASE_UNOPENED_WAKE, case_unopened_wake, 1)                                                         \
    X(SQL_CASE_UNOPENED_LIST, case_unopened_list, 1)                                                         \
    X(SQL_CASE_FIGURES, case_figures, 0)                                                                     \
    X(SQL_CASE_STUCK, case_stuck, 2)                                                                         \
    X(SQL_CASE_TIMER_FAILED, case_timer_failed, 5)                                                           \
    X(SQL_CASE_FACTS_SET, case_facts_set, 2)                                                                 \
    X(SQL_CASE_LOCK_KIN, case_lock_kin, 2)                                                                   \
    X(SQL_CASE_SAME_PERSON, case_same_person, 2)                                                             \
    X(SQL_CASE_COPY_ANSWER, case_copy_answer, 2)                                                             \
    X(SQL_CASE_DRAFT_PUT, case_draft_put, 6)                                                                 \
    X(SQL_CASE_SIGNATURE, case_signature, 1)                                                                 \
    X(SQL_CASE_PRINT_ADD, case_print_add, 4)                                                                 \
    X(SQL_CASE_PRINT_DONE, case_print_done, 3)                                                               \
    X(SQL_CASE_NOTICE_POST, case_notice_post, 9)                                                             \
    X(SQL_CASE_NOTICE_DOWN, case_notice_down, 3)                                                             \
    X(SQL_CASE_BOARD, case_board, 2)                                                                         \
    X(SQL_CASE_NEXT_WAITING, case_next_waiting, 1)                                                           \
    X(SQL_CASE_OWE_STAFF, case_owe_staff, 5)                                                                 \
    X(SQL_CASE_EXPERTS, case_experts, 2)                                                                     \
    X(SQL_CASE_DIGEST, case_digest, 3)                                                                       \
    X(SQL_CASE_TASKS_ASKED, case_tasks_asked, 1)                                                             \
    X(SQL_CASE_TASK_MOVE, case_task_move, 4)                                                                 \
    X(SQL_CASE_RANK, case_rank, 1)

#endif
