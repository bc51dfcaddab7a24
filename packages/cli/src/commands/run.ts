import type { Level } from '@chaosproxy/checker'
import { USUAL_OUT } from '@chaosproxy/engine'
import { DEFAULT_WORKLOAD, memberText } from '@chaosproxy/runner'
import { baselineOptions } from '../arguments/baseline.ts'
import { requireOption } from '../arguments/require.ts'
import { uiOptions } from '../arguments/ui.ts'
import { WORKLOAD_TEXT, workloadOptions } from '../arguments/workload.ts'
import type { Command } from '../command.ts'
import { configOption } from '../config/own.ts'
import { reporterOptions } from '../reporting/choice.ts'
import { executeRun } from '../run/execute.ts'
import { parseRunSettings, RUN_DEFAULTS } from '../run/settings.ts'
import { trustOption } from '../trust/admit.ts'

export const runCommand: Command = {
  name: 'run',
  positional: '[run]',
  summary: 'break a cluster under load and report which consistency level survived',
  options: {
    target: { type: 'string', describe: 'what to test; chaos targets lists them [default: raft]', requiresArg: true },
    protocol: { type: 'string', describe: 'a protocol of your own instead: its file', requiresArg: true },
    binary: {
      type: 'string',
      describe: 'a program of your own instead, one process per node: it answers events, lines of JSON on stdin',
      requiresArg: true,
    },
    nodes: { type: 'string', describe: `${memberText('nodes')} [default: the target decides]`, requiresArg: true },
    time: {
      type: 'string',
      describe: `${memberText('timeMs')}: 500ms, 20s, 2m [default: ${RUN_DEFAULTS.time}]`,
      requiresArg: true,
    },
    rate: {
      type: 'string',
      describe: `${memberText('rate')} [default: ${RUN_DEFAULTS.rate}]`,
      requiresArg: true,
    },
    clients: {
      type: 'string',
      describe: `${memberText('clients')} [default: ${RUN_DEFAULTS.clients}]`,
      requiresArg: true,
    },
    ...workloadOptions,
    workload: {
      type: 'string',
      describe: `${WORKLOAD_TEXT} [default: ${DEFAULT_WORKLOAD}, or one that exposes the bug]`,
      requiresArg: true,
    },
    keys: {
      type: 'string',
      describe: `how many keys they use [default: the workload decides; ${RUN_DEFAULTS.keys} registers]`,
      requiresArg: true,
    },
    operations: {
      type: 'string',
      describe:
        'of the register workload: read,write or read,write,cas [default: with cas where the target promises linearizability]',
      requiresArg: true,
    },
    timeout: {
      type: 'string',
      describe: `${memberText('timeoutMs')} [default: ${RUN_DEFAULTS.timeout}]`,
      requiresArg: true,
    },
    faults: {
      type: 'string',
      describe: `faults to inject, comma-separated, none, or a schedule.json; chaos targets --faults lists them [default: ${RUN_DEFAULTS.faults}, or one that exposes the bug]`,
      requiresArg: true,
    },
    seed: { type: 'string', describe: `${memberText('seed')} [default: drawn]`, requiresArg: true },
    expect: {
      type: 'string',
      describe: `exit with 1 unless this level is met, such as ${'linearizable' satisfies Level}; none: only report [default: what the target promises]`,
      requiresArg: true,
    },
    times: {
      type: 'string',
      describe: 'run N times with consecutive seeds and count the violations [default: 1]',
      requiresArg: true,
    },
    ...requireOption,
    ...baselineOptions,
    bug: {
      type: 'string',
      describe: 'give the target a deliberate bug; chaos targets --bugs lists them',
      requiresArg: true,
    },
    set: {
      type: 'string',
      array: true,
      nargs: 1,
      describe: 'change a setting of the target, such as --set sync=1',
      requiresArg: true,
    },
    sim: { type: 'boolean', describe: 'run run in virtual time, in this process: repeatable to the byte' },
    'verify-determinism': { type: 'boolean', describe: 'with --sim: run twice, and compare to the byte' },
    out: {
      type: 'string',
      describe: `where to create the directory of this run [default: ${USUAL_OUT}]`,
      requiresArg: true,
    },
    'check-timeout': {
      type: 'string',
      describe: `${memberText('checkMs')} [default: ${RUN_DEFAULTS.checkTimeout}]`,
      requiresArg: true,
    },
    spec: {
      type: 'string',
      describe: 'take the run from a JSON file instead of options, such as the run.json of a run to repeat',
      requiresArg: true,
    },
    ...trustOption,
    ...configOption,
    events: {
      type: 'string',
      describe: 'write every event to this file as it happens, as lines of JSON',
      requiresArg: true,
    },
    ...uiOptions,
    ...reporterOptions(),
  },
  groups: {
    'What is tested': ['target', 'protocol', 'binary', 'nodes', 'set', 'bug', 'config', 'spec', 'trust'],
    'What clients do': ['workload', 'workload-set', 'time', 'rate', 'clients', 'keys', 'operations', 'timeout'],
    'What goes wrong': ['faults', 'seed', 'times', 'sim', 'verify-determinism'],
    'What must hold': ['expect', 'require', 'baseline', 'tolerance', 'check-timeout'],
    Output: ['ui', 'ui-listen', 'out', 'events', 'reporter', 'json', 'quiet', 'force', 'verbose'],
  },
  examples: [
    ['chaos run', 'a 5-node Raft, partitioned, killed and paused for 20 s'],
    ['chaos run --target primary-replica --expect linearizable', 'finds a stale read and exits with 1'],
    ['chaos run --bug ack-before-majority', 'a Raft with a bug: exits with 1, since it breaks its promise'],
    ['chaos run --require "availability >= 99%" --require "lost == 0"', 'gate on more than consistency'],
    ['chaos run --times 20 --sim', '20 seeds, and how often it happens'],
    ['chaos run --spec chaos-results/DIR/run.json', 'repeat a run'],
    ['chaos run nightly', 'the run that chaos.config.ts calls nightly'],
    ['chaos run --ui', 'watch it on a live page, and cut links by hand'],
    ['chaos run --sim --seed 7 --faults partition,loss', 'the same protocol, simulated'],
  ],
  run: async (options) => executeRun(await parseRunSettings(options)),
}
