import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { environmentError, usageError } from '@chaosproxy/history'
import type { ContainersDeclaration } from '../cluster/declaration.ts'
import type { ProgramCommand } from '../processes/command.ts'
import { listEngines } from './engine.ts'
import { listeningPorts } from './listening-ports.ts'
import { commandsFor, isMeant } from './project.ts'
import type { ProposalOptions } from './proposal.ts'

/** A Compose project, as its engine describes the project. */
export interface Survey extends Omit<ProposalOptions, 'group'> {
  readonly name: string
  /** The command that starts the project if it is not running. Services are known only once the project runs. */
  readonly startedBy?: string | undefined
}

interface SurveyOptions {
  /** A Compose file, or a running project; by default the directory's Compose file. */
  readonly wanted: string
  readonly directory: string
  /** Called before containers are created. Their creation may take long. */
  readonly creating: (command: string) => void
}

/** The files that `docker compose` looks for. */
export const COMPOSE_FILES = ['compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml'] as const

const WITHIN_MS = 600_000

/**
 * Reads a project from the engine. If the project has no containers, creates them without starting them, and removes
 * them again.
 *
 * @throws UserError (usage, environment)
 */
export function surveyProject({ wanted, directory, creating }: SurveyOptions): Survey {
  const compose = composeOf(wanted, directory)
  const found = surveyed(compose, directory)
  const commands = () => commandsFor({ compose, client: NO_CLIENT }, { where: `--compose ${wanted}`, directory })
  if (found !== undefined) {
    const isStopped = typeof compose === 'string' && !found.containers.some(({ running }) => running)
    return isStopped ? { ...found, startedBy: commands().up.words.join(' ') } : found
  }
  if (typeof compose !== 'string')
    throw usageError(
      `--compose ${wanted}: there is no such file, and no container engine has a project of this name. Give the path of a Compose file.`,
    )
  const { create, up, down } = commands()
  creating(create.words.join(' '))
  const { status, stderr } = ended(create)
  try {
    const made = status === 0 ? surveyed(compose, directory) : undefined
    if (made !== undefined) return { ...made, startedBy: up.words.join(' ') }
    throw environmentError(
      `--compose ${compose}: ${create.words.join(' ')} failed: ${stderr.trim().split('\n').at(-1)}. Start the project yourself, then try again.`,
    )
  } finally {
    ended(down)
  }
}

/** The client of declarations that need a client, but never use it. */
export const NO_CLIENT: ContainersDeclaration['client'] = { kind: 'resp', commands: 'register' }

export function composeOf(wanted: string, directory: string): Survey['compose'] {
  if (wanted !== '') return existsSync(resolve(directory, wanted)) ? wanted : { project: wanted }
  const file = COMPOSE_FILES.find((name) => existsSync(resolve(directory, name)))
  if (file !== undefined) return file
  throw usageError(
    `--compose: there is no ${COMPOSE_FILES.join(', ')} here. Give the path of the file, or the name of a project that is up.`,
  )
}

function surveyed(compose: Survey['compose'], directory: string): Survey | undefined {
  for (const { program, containers } of listEngines()) {
    const ours = containers.filter((each) => isMeant(each, { compose, client: NO_CLIENT }, directory))
    const [first] = ours
    if (first === undefined) continue
    const name = first.labels['com.docker.compose.project'] ?? first.name
    return { engine: program, name, compose, containers: ours, listening: ({ pid }) => listeningPorts(pid) }
  }
  return undefined
}

function ended({ words: [program, ...args], directory }: ProgramCommand): {
  readonly status: number | null
  readonly stderr: string
} {
  const { status, stderr, error } = spawnSync(program, args, {
    ...{ cwd: directory, encoding: 'utf8', timeout: WITHIN_MS, stdio: ['ignore', 'ignore', 'pipe'] },
  })
  return { status, stderr: error?.message ?? stderr }
}
