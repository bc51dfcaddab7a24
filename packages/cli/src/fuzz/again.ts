import type { SearchSpec } from '@chaosproxy/engine'
import { isService, parseServiceReference, type ServiceSpec } from '@chaosproxy/engine/references'
import { commandLine } from '@chaosproxy/engine/run'
import { DEFAULT_WORKLOAD } from '@chaosproxy/runner'
import { EXECUTED, isBinary, isUserFile } from '@chaosproxy/targets/named'
import { wordsFor } from '../arguments/declare.ts'
import { printSettings } from '../arguments/names.ts'
import { workloadTyped } from '../arguments/workload.ts'
import { trialTyped, USUAL_OPERATIONS } from './options.ts'

/** The command that repeats the search of one seed, for a run that never ends and so has no replay file. */
export function seedAgain({ subject }: SearchSpec, seed: number): string {
  const { target, bug, targetSettings, level, nodes, operations, choices, workload, settings } = subject
  return commandLine([
    ...['npx', 'chaos', ...subjectWords(target)],
    ...wordsFor({
      ...workloadTyped(workload === DEFAULT_WORKLOAD && bug === undefined ? undefined : workload, settings),
      bug,
      set: printSettings(targetSettings),
      nodes,
      operations: operations === USUAL_OPERATIONS ? undefined : operations,
      ...trialTyped(choices ?? {}),
      expect: level,
      seed,
      seeds: 1,
    }),
  ])
}

function subjectWords(target: string): readonly string[] {
  if (isService(target)) return serviceWords(parseServiceReference(target))
  if (isBinary(target)) return ['fuzz', ...wordsFor({ binary: target.slice(EXECUTED.length) })]
  return ['fuzz', ...wordsFor({ [isUserFile(target) ? 'protocol' : 'target']: target })]
}

const serviceWords = ({
  program,
  routes,
  client,
  args = [],
  environment = {},
  redis,
  beside = {},
  postgres = {},
  http,
  mayEnd,
}: ServiceSpec): readonly string[] => [
  ...['simulate', program],
  ...wordsFor({
    routes: client === undefined ? routes : undefined,
    client,
    redis: redis !== undefined,
    beside: [
      ...Object.entries(beside).map(([name, each]) => `${name}=${each.program}`),
      ...Object.keys(postgres).map((name) => `${name}=postgres`),
    ],
    sql: Object.values(postgres)[0]?.sql,
    'assert-sql': Object.values(postgres)[0]?.assert,
    http: http === 'messages' ? http : undefined,
    'no-invariants': mayEnd === true,
    arg: args,
    env: printSettings(environment),
  }),
]
