import type { Level } from '@chaosproxy/checker'
import { commandLine } from '@chaosproxy/engine'
import type { PlannedRun } from '@chaosproxy/runner'
import { baselineOptions } from '../arguments/baseline.ts'
import { requireOption } from '../arguments/require.ts'
import { uiOptions } from '../arguments/ui.ts'
import type { Command } from '../command.ts'
import { configOption, readOwnConfig } from '../config/own.ts'
import { recordedPromises } from '../config/recording.ts'
import { recordedUpstreams } from '../config/upstreams.ts'
import { parseRecordSettings, RECORD_DEFAULTS } from '../record/settings.ts'
import { reporterOptions } from '../reporting/choice.ts'
import { executeRun } from '../run/execute.ts'

export const recordCommand: Command = {
  name: 'record',
  positional: '',
  summary: 'record and check what a command of yours does, such as its tests, under faults',
  options: {
    upstream: {
      type: 'string',
      describe:
        'host:port of a server, once for each; with https:// in front for TLS [default: the upstreams of chaos.config.ts]',
      requiresArg: true,
    },
    serve: {
      type: 'string',
      describe:
        'a command that starts a server instead, once for each: {listen}, {port} and {data} say where, {n1} reaches another by its proxy, {n1.direct} past it',
      requiresArg: true,
    },
    as: {
      type: 'string',
      describe:
        'what passes: a JSON file with a route table (HTTP), resp (Redis), or {"kind":"postgresql","table":"kv"}; with several servers once for all, or once for each; tcp has faults only, no recording',
      requiresArg: true,
    },
    hurt: {
      type: 'string',
      describe: 'servers to inject the faults into, comma-separated [default: all]',
      requiresArg: true,
    },
    listen: {
      type: 'string',
      describe: 'host:port to listen on, once for each; with https:// in front it speaks TLS [default: any free port]',
      requiresArg: true,
    },
    name: { type: 'string', describe: 'name of the server, once for each [default: n1, n2, …]', requiresArg: true },
    env: {
      type: 'string',
      array: true,
      nargs: 1,
      describe:
        'a variable of the command, such as REDIS_URL=redis://{n1}; {n1}, {n1.host} and {n1.port} are the proxy’s address',
      requiresArg: true,
    },
    client: {
      type: 'string',
      describe: 'what identifies clients, such as header.X-Client, peer.process, peer.address, connection',
      requiresArg: true,
    },
    initial: {
      type: 'string',
      describe: 'what keys hold at the start: unknown, read, or a value in JSON [default: unknown]',
      requiresArg: true,
    },
    model: { type: 'string', describe: 'model of the operations, as for chaos check', requiresArg: true },
    faults: {
      type: 'string',
      describe: `faults to inject, again and again, comma-separated: partition, lose-reply, … [default: ${RECORD_DEFAULTS.faults}]`,
      requiresArg: true,
    },
    ...requireOption,
    ...baselineOptions,
    expect: {
      type: 'string',
      describe: `exit with 1 unless this level is met, such as ${'linearizable' satisfies Level} [default: only report]`,
      requiresArg: true,
    },
    'may-fail': { type: 'boolean', describe: 'ignore the exit code of the command' },
    time: {
      type: 'string',
      describe: `end the command after this long; the exit code is then the verdict's [default: ${RECORD_DEFAULTS.time}, and a command that runs longer is trouble]`,
      requiresArg: true,
    },
    timeout: {
      type: 'string',
      describe: `how long a final read waits for its response [default: ${RECORD_DEFAULTS.timeout}]`,
      requiresArg: true,
    },
    seed: {
      type: 'string',
      describe: 'the seed that the seed that decides which faults come when [default: drawn]',
      requiresArg: true,
    },
    out: {
      type: 'string',
      default: 'chaos-results',
      describe: 'where to create the directory of this run',
      requiresArg: true,
    },
    'check-timeout': {
      type: 'string',
      describe: `how long checking may take [default: ${RECORD_DEFAULTS.checkTimeout}]`,
      requiresArg: true,
    },
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
    'What is recorded': ['upstream', 'serve', 'as', 'listen', 'name', 'env', 'client', 'initial', 'model', 'config'],
    'What goes wrong': ['faults', 'hurt', 'seed'],
    'What must hold': ['expect', 'require', 'baseline', 'tolerance', 'may-fail'],
    Limits: ['time', 'timeout', 'check-timeout'],
    Output: ['ui', 'ui-listen', 'out', 'events', 'reporter', 'json', 'quiet', 'force', 'verbose'],
  },
  examples: [
    ['chaos record --upstream 127.0.0.1:8080 --as routes.json --env API=http://{n1} -- npm test', 'what the tests do'],
    [
      'chaos record --upstream 127.0.0.1:6379 --as resp --faults lose-reply --expect linearizable -- node app.js {n1.port}',
      'with answers lost',
    ],
    [
      "chaos record --name db --name app --serve 'redis-server --port {port} --dir {data}' --serve 'node app.js {listen} {db}' --as tcp --as routes.json --hurt db --faults lose-reply -- node test.js {app}",
      'what an app does when it loses responses of its database; chaos starts and stops both',
    ],
  ],
  async run(options) {
    const { loaded, registries } = await readOwnConfig(options, 'chaos record')
    const settings = await parseRecordSettings(recordedPromises(recordedUpstreams(options, loaded), loaded), registries)
    return executeRun({ ...settings, again: againOf(settings.run) })
  },
}

/** The command as typed, with the seed that was drawn. */
function againOf({ spec }: PlannedRun): string {
  const typed = process.argv.slice(2)
  const end = typed.indexOf('--')
  const seed = typed.slice(0, end).some((word) => /^--seed(=|$)/.test(word)) ? [] : ['--seed', String(spec.seed)]
  return commandLine(['npx', 'chaos', ...typed.slice(0, end), ...seed, ...typed.slice(end)])
}
