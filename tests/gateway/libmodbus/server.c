/* A Modbus server made of libmodbus, for the tests: a second opinion on what the wire means.
 *
 *   server tcp         serves 127.0.0.1 on a free port and prints the port
 *   server rtu DEVICE  serves unit 5 on a serial line, 9600 baud, no parity, and prints "ready"
 *
 * Registers 0..59 exist; what lies beyond is answered with exception 2, by the library itself.
 */
#include <errno.h>
#include <modbus.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BITS = 40, REGISTERS = 60, UNIT = 5 };

static void fill(modbus_mapping_t *map)
{
    static const uint16_t text[] = {0x534E, 0x2D34, 0x3200}; /* "SN-42" */
    /* 231.5 = 43 67 80 00 on the wire as ABCD, DCBA, BADC, CDAB. Not by modbus_set_float_abcd and its sisters:
     * what the names mean was mended between versions of the library. */
    static const uint16_t floats[] = {0x4367, 0x8000, 0x0080, 0x6743, 0x6743, 0x0080, 0x8000, 0x4367};
    int32_t negative = -123456;
    int64_t large = 9007199254740991; /* 2^53 - 1, the largest that a double holds exactly */

    map->tab_bits[3] = 1;
    map->tab_input_bits[17] = 1;
    map->tab_input_registers[7] = 650;
    map->tab_registers[0] = 205;
    map->tab_registers[1] = (uint16_t)-40;
    map->tab_registers[2] = 0x0600; /* bits 9 and 10 */
    memcpy(map->tab_registers + 10, floats, sizeof floats);
    MODBUS_SET_INT32_TO_INT16(map->tab_registers, 20, negative);
    MODBUS_SET_INT64_TO_INT16(map->tab_registers, 24, large);
    memcpy(map->tab_registers + 30, text, sizeof text);
}

static void answer(modbus_t *bus, modbus_mapping_t *map)
{
    uint8_t request[MODBUS_MAX_ADU_LENGTH];
    int length;

    for (;;) {
        length = modbus_receive(bus, request);
        if (length > 0)
            modbus_reply(bus, request, length, map);
        else if (length < 0 && errno != EMBBADCRC && errno != ETIMEDOUT)
            return; /* the master hung up */
    }
}

static int serve_tcp(modbus_mapping_t *map)
{
    modbus_t *bus = modbus_new_tcp("127.0.0.1", 0);
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    int listening = modbus_tcp_listen(bus, 1);

    if (listening < 0 || getsockname(listening, (struct sockaddr *)&address, &size) < 0)
        return EXIT_FAILURE;
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    while (modbus_tcp_accept(bus, &listening) >= 0) {
        answer(bus, map);
        modbus_close(bus);
    }
    return EXIT_FAILURE;
}

static int serve_line(modbus_mapping_t *map, const char *device)
{
    modbus_t *bus = modbus_new_rtu(device, 9600, 'N', 8, 1);

    if (bus == NULL || modbus_set_slave(bus, UNIT) < 0 || modbus_connect(bus) < 0) {
        fprintf(stderr, "%s: %s\n", device, modbus_strerror(errno));
        return EXIT_FAILURE;
    }
    puts("ready");
    fflush(stdout);
    answer(bus, map);
    return EXIT_FAILURE;
}

int main(int count, char **words)
{
    modbus_mapping_t *map = modbus_mapping_new(BITS, BITS, REGISTERS, REGISTERS);

    if (map == NULL)
        return EXIT_FAILURE;
    fill(map);
    if (count == 2 && strcmp(words[1], "tcp") == 0)
        return serve_tcp(map);
    if (count == 3 && strcmp(words[1], "rtu") == 0)
        return serve_line(map, words[2]);
    fprintf(stderr, "server tcp | server rtu DEVICE\n");
    return EXIT_FAILURE;
}
