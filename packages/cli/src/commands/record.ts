import { commandLine } from '@chaosproxy/engine'
import type { PlannedRun } from '@chaosproxy/runner'
import type { Command } from '../command.ts'
import { readOwnConfig } from '../config/own.ts'
import { recordedPromises } from '../config/recording.ts'
import { recordedUpstreams } from '../config/upstreams.ts'
import { composed } from '../record/composed.ts'
import { parseRecordSettings, recordOptions } from '../record/settings.ts'
import { executeRun } from '../run/execute.ts'

export const recordCommand: Command = {
  name: 'record',
  positional: '',
  summary: 'record and check what a command of yours does, such as its tests, under faults',
  options: recordOptions(),
  common: ['upstream', 'serve', 'as', 'env', 'faults', 'hurt', 'seed', 'expect', 'require', 'ui', 'out'],
  groups: {
    'What is recorded': [
      'upstream',
      'serve',
      'compose',
      'service',
      'as',
      'listen',
      'name',
      'env',
      'client',
      'initial',
      'model',
      'config',
    ],
    'What goes wrong': ['faults', 'hurt', 'seed'],
    'What must hold': ['expect', 'require', 'stop-on-violation', 'baseline', 'tolerance', 'may-fail'],
    Limits: ['time', 'timeout', 'check-timeout'],
    Output: ['ui', 'ui-listen', 'out', 'events', 'otel', 'metrics', 'reporter', 'json', 'quiet', 'force', 'verbose'],
  },
  examples: [
    ['chaos record --upstream 127.0.0.1:8080 --as routes.json --env API=http://{n1} -- npm test', 'what the tests do'],
    [
      'chaos record --upstream 127.0.0.1:6379 --as resp --faults lose-reply --expect linearizable -- node app.js {n1.port}',
      'with answers lost',
    ],
    ['chaos record --compose compose.yaml --as routes.json -- npm test', 'what the tests do to a project that runs'],
    [
      "chaos record --name db --name app --serve 'redis-server --port {port} --dir {data}' --serve 'node app.js {listen} {db}' --as tcp --as routes.json --hurt db --faults lose-reply -- node test.js {app}",
      'what an app does when it loses responses of its database; chaos starts and stops both',
    ],
  ],
  async run(options) {
    const { loaded, registries } = await readOwnConfig(options, 'chaos record')
    const { options: all, close } = await composed(options)
    try {
      const settings = await parseRecordSettings(recordedPromises(recordedUpstreams(all, loaded), loaded), registries)
      return await executeRun({ ...settings, again: againOf(settings.run) })
    } finally {
      await close()
    }
  },
}

/** The command as typed, with the seed that was drawn. */
function againOf({ spec }: PlannedRun): string {
  const typed = process.argv.slice(2)
  const end = typed.indexOf('--')
  const seed = typed.slice(0, end).some((word) => /^--seed(=|$)/.test(word)) ? [] : ['--seed', String(spec.seed)]
  return commandLine(['npx', 'chaos', ...typed.slice(0, end), ...seed, ...typed.slice(end)])
}
