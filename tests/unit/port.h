/* A port on loopback for a server that a test starts later, perhaps again and again. */
#ifndef PRIDVOR_TEST_PORT_H
#define PRIDVOR_TEST_PORT_H

/* Nobody's, and kept from other tests until this program ends. */
int test_port(void);

#endif
