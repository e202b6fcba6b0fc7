/* A plugin for QEMU's emulation of programs: prints how many instructions a program has executed. See arm.py.
 *
 * Blocks of instructions are counted as they are entered. What is used of QEMU's interface is declared here, as Debian
 * has no package of its header; API is the version that the emulator speaks. SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef uint64_t plugin_id;
struct qemu_plugin_tb;

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id, void (*translated)(plugin_id id, struct qemu_plugin_tb *block));
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *block, void (*entered)(unsigned int cpu, void *user),
                                          int registers, void *user);
void qemu_plugin_register_atexit_cb(plugin_id id, void (*at_exit)(plugin_id id, void *user), void *user);
void qemu_plugin_outs(const char *text);

__attribute__((visibility("default"))) int qemu_plugin_version = API;

enum { NO_REGISTERS = 0 };

static _Atomic uint64_t executed;

static void entered(unsigned int cpu, void *count) {
  (void)cpu;
  atomic_fetch_add_explicit(&executed, (uintptr_t)count, memory_order_relaxed);
}

static void translated(plugin_id id, struct qemu_plugin_tb *block) {
  (void)id;
  uintptr_t count = qemu_plugin_tb_n_insns(block);
  qemu_plugin_register_vcpu_tb_exec_cb(block, entered, NO_REGISTERS, (void *)count);
}

static void at_exit(plugin_id id, void *user) {
  (void)id, (void)user;
  char text[64];
  snprintf(text, sizeof text, "instructions %" PRIu64 "\n", (uint64_t)executed);
  qemu_plugin_outs(text);
}

__attribute__((visibility("default"))) int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv) {
  (void)info, (void)argc, (void)argv;
  qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
  qemu_plugin_register_atexit_cb(id, at_exit, NULL);
  return 0;
}
