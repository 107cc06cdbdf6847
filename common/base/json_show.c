/* JSON for people at a terminal: cJSON reads and lays it out. What programs exchange goes through json.c,
 * which refuses what cJSON lets pass (doubled members, U+0000, invalid UTF-8, fractions) and names the place.
 */
#include "common/base/json.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/arena.h"

static void tree_freep(cJSON **v)
{
    cJSON_Delete(*v);
}

void json_show(const char *text)
{
    cJSON *v SCOPED(tree_freep) = isatty(STDOUT_FILENO) ? cJSON_Parse(text) : NULL;
    char *pretty = v ? cJSON_Print(v) : NULL;
    puts(pretty ? pretty : text);
    if (pretty)
        wipe(pretty, strlen(pretty));
    cJSON_free(pretty);
}
