/* A real registryd with a desk, people and the built pages, for a browser that is driven from outside: says
 * its port and lives until its standard input ends. desk_house PAGES */
#include <stdio.h>
#include <stdlib.h>

#include "tests/db/desk_rig.h"

static struct desk_rig rig;

int main(int argc, char **argv)
{
    static const char *const people[][2] = {
        {"ana", "clerk"}, {"dan", "clerk"}, {"cora", "head"}, {"vlad", "approver"}};
    char line[80];

    if (argc != 2)
        return 2;
    rig.s.desk_pages = argv[1];
    if (!desk_rig_make(&rig))
        return 77;
    for (size_t i = 0; i < COUNT(people); i++) {
        desk_person(&rig, people[i][0], "uat-1");
        desk_grant(&rig, people[i][0], people[i][1], "uat-1");
    }
    printf("{\"port\":%d,\"password\":\"%s\"}\n", rig.s.desk_port, desk_secret);
    fflush(stdout);
    while (fgets(line, sizeof(line), stdin))
        ;
    desk_rig_free(&rig);
    return 0;
}
