import { readFileSync } from 'node:fs'
import { environmentError } from '@chaosproxy/history'
import type { MissingProgram, StartOptions, Target } from '@chaosproxy/runner'
import { declaredTarget, type SqlClusterOptions, type StartedDeclaration } from '@chaosproxy/targets/database'
import { type Setting, settingsFor } from '@chaosproxy/workloads'

type Installed<Programs> = Pick<SqlClusterOptions<Programs>, 'programs' | 'user'>

interface SqlTargetOptions<Programs> {
  readonly name: string
  readonly settings: readonly Setting[]
  /** The server installation that is assumed until a cluster is started. */
  readonly example: Installed<Programs>
  cluster(options: SqlClusterOptions<Programs>): StartedDeclaration
  /** @throws UserError (environment) if the server cannot run here. */
  find(options: StartOptions): Promise<Installed<Programs>>
}

/** The number of nodes of a cluster by default. */
export const NODES = 3

/** Returns the target for an SQL database. The database's settings determine how its cluster is declared. */
export function sqlTarget<Programs>({ name, settings, example, cluster, find }: SqlTargetOptions<Programs>): Target {
  const where = { where: name, directory: '.' }
  return {
    ...declaredTarget(cluster({ nodes: NODES, settings: settingsFor({ name, settings }), ...example }), where),
    defaultNodes: NODES,
    declared: undefined,
    settings,
    async start(options) {
      const { nodes, object } = options
      const declaration = cluster({ nodes, settings: options.settings, object, ...(await find(options)) })
      return declaredTarget(declaration, where).start(options)
    },
  }
}

/** @throws UserError (environment) if a program is missing. */
export function requirePrograms([missing]: readonly MissingProgram[]): void {
  if (missing !== undefined) throw environmentError(`there is no ${missing.program}: ${missing.install}`)
}

/** Returns the user if this machine has it, and otherwise `nobody`. */
export const userOr = (user: string): string =>
  new RegExp(`^${user}:`, 'm').test(readFileSync('/etc/passwd', 'utf8')) ? user : 'nobody'
