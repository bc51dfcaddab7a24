import { spawnSync } from 'node:child_process'
import { basename, dirname, resolve } from 'node:path'
import { environmentError, type UserError } from '@chaosproxy/history'
import type { ContainersDeclaration } from '../cluster/declaration.ts'
import { findProgram } from '../command/programs.ts'
import type { ProgramCommand } from '../processes/command.ts'
import { type Container, type EngineListing, type EngineProgram, listEngines } from './engine.ts'

export interface Project {
  readonly engine: EngineProgram
  readonly name: string
  readonly containers: readonly Container[]
}

interface ProjectCommands {
  readonly engine: EngineProgram
  readonly up: ProgramCommand
  readonly create: ProgramCommand
  readonly down: ProgramCommand
}

const PROJECT = 'com.docker.compose.project'

/** Returns the project in its current state, if any of its containers runs. */
export function findProject(declaration: ContainersDeclaration, directory: string): Project | undefined {
  for (const { program, containers } of listEngines()) {
    const ours = containers.filter((each) => isMeant(each, declaration, directory))
    const [first] = ours.filter(({ running }) => running)
    if (first !== undefined)
      return {
        engine: program,
        name: (declaration.containers === undefined ? first.labels[PROJECT] : undefined) ?? first.name,
        containers: inOrder(ours, declaration),
      }
  }
  return undefined
}

export function isMeant(container: Container, declaration: ContainersDeclaration, directory: string): boolean {
  const { compose, containers = [] } = declaration
  if (compose === undefined) return containers.some((each) => isNamed(container, each))
  // A container of `compose run` belongs to no service.
  if (container.labels['com.docker.compose.oneoff'] === 'True') return false
  if (typeof compose === 'object') return container.labels[PROJECT] === compose.project
  return isOfFile(container, resolve(directory, compose))
}

function isNamed({ name, labels }: Container, wanted: string): boolean {
  const [label = '', ...value] = wanted.split('=')
  return value.length === 0 ? name === wanted : labels[label] === value.join('=')
}

/** Some versions of Compose record the file's path as the user typed it, relative to an unknown directory. */
function isOfFile({ labels }: Container, file: string): boolean {
  const folder = labels[`${PROJECT}.working_dir`]
  const files = (labels[`${PROJECT}.config_files`] ?? '').split(',')
  if (folder === undefined) return false
  return files.some(
    (each) =>
      resolve(folder, each) === file || (resolve(folder) === dirname(file) && basename(each) === basename(file)),
  )
}

function inOrder(all: readonly Container[], { containers = [] }: ContainersDeclaration): readonly Container[] {
  const place = (container: Container) => containers.findIndex((each) => isNamed(container, each))
  return all.toSorted((a, b) => place(a) - place(b) || a.service.localeCompare(b.service) || a.number - b.number || 0)
}

/**
 * Returns the commands that start the project with the first available Compose program and any override files.
 *
 * @throws UserError (environment) if there is no engine, no program, or no file.
 */
export function commandsFor(
  declaration: ContainersDeclaration,
  { where, directory }: { readonly where: string; readonly directory: string },
  overrides: readonly string[] = [],
): ProjectCommands {
  const engines = listEngines()
  const answering = engines.find(({ problem }) => problem === undefined)
  if (answering === undefined) throw noEngine(where, engines)
  const { compose, containers } = declaration
  if (typeof compose !== 'string') {
    const what = compose === undefined ? `of ${containers?.join(', ')}` : `of the project ${compose.project}`
    throw environmentError(
      `${where}: no container ${what} runs. Start it first (${composeOf(answering.program)?.join(' ') ?? 'docker compose'} up -d), or name its Compose file: "compose": "docker-compose.yml".`,
    )
  }
  for (const { program, problem } of engines) {
    const words = problem === undefined ? composeOf(program) : undefined
    if (words === undefined) continue
    const file = resolve(directory, compose)
    const command = (...rest: string[]): ProgramCommand => ({
      words: [...words, ...[file, ...overrides].flatMap((each) => ['-f', each]), ...rest] as [string, ...string[]],
      directory: dirname(file),
    })
    return { engine: program, up: command('up', '-d'), create: command('up', '--no-start'), down: command('down') }
  }
  throw environmentError(
    `${where}: ${compose} is not up, and no program on this machine can start it. Install docker compose, docker-compose or podman-compose, or start it yourself.`,
  )
}

function noEngine(where: string, engines: readonly EngineListing[]): UserError {
  const problems = engines.map(({ program, problem }) => `${program}: ${problem}`).join('; ')
  return environmentError(
    problems === ''
      ? `${where}: there is no container engine: neither docker nor podman is in any directory of PATH. Install one.`
      : `${where}: no container engine answers (${problems}). ${isTooOld(problems) ? 'The engine is older than its command-line client: update the engine, or set DOCKER_API_VERSION to a version that the engine supports.' : 'Start the engine, or run chaos as a user who may use the engine.'}`,
  )
}

/** Matches `client version 1.41 is too new. Maximum supported API version is 1.24`. */
const isTooOld = (text: string): boolean =>
  /client version \S+ is too new|server API version \S+ is too old/i.test(text)

/**
 * Returns the Compose program of an engine: `docker compose` if it works, or `docker-compose`; for podman
 * `podman-compose`.
 */
export function composeOf(engine: EngineProgram): readonly [string, ...string[]] | undefined {
  const own: readonly [string, ...string[]] = [engine, 'compose']
  if (engine === 'docker' && spawnSync(engine, ['compose', 'version'], { stdio: 'ignore' }).status === 0) return own
  const other = engine === 'docker' ? 'docker-compose' : 'podman-compose'
  return findProgram(other) === undefined ? undefined : [other]
}
