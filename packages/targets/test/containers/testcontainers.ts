import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { mountedFiles, mountedPath } from '../../../testing/src/containers/podman.ts'

// The published package `testcontainers`, installed only for the tests that need it. It takes half as much space as
// everything else that this repository installs.

const VERSION = '10.28.0'

/** The part of a started container that tests use. */
export interface Started {
  getId(): string
  getIpAddress(network: string): string
  stop(options?: { readonly timeout: number }): Promise<unknown>
}

export interface Generic {
  withNetwork(network: StartedNetwork): this
  withNetworkAliases(...names: string[]): this
  withCommand(words: string[]): this
  withEnvironment(variables: { readonly [name: string]: string }): this
  withBindMounts(mounts: { readonly source: string; readonly target: string; readonly mode: 'ro' }[]): this
  withWaitStrategy(strategy: object): this
  start(): Promise<Started>
}

export interface StartedNetwork {
  getName(): string
  stop(): Promise<unknown>
}

export interface Testcontainers {
  readonly GenericContainer: new (image: string) => Generic
  readonly Network: new () => { start(): Promise<StartedNetwork> }
  readonly Wait: { forLogMessage(message: RegExp): object }
}

/** The directories of earlier installations, by the names of the packages. */
const installed = new Map<string, string>()

/**
 * Installs the packages. Returns their `require`. The packages read DOCKER_HOST and TESTCONTAINERS_RYUK_DISABLED on
 * use.
 */
export function installTestcontainers(directory: string, ...more: readonly string[]): (name: string) => unknown {
  const cwd = join(directory, 'testcontainers')
  const packages = more.join(' ')
  const before = installed.get(packages)
  installed.set(packages, cwd)
  if (before !== undefined) {
    cpSync(before, cwd, { recursive: true })
    return createRequire(join(cwd, 'package.json'))
  }
  mkdirSync(cwd, { recursive: true })
  writeFileSync(join(cwd, 'package.json'), JSON.stringify({ overrides: { testcontainers: VERSION } }))
  const flags = ['--no-audit', '--no-fund', '--ignore-scripts']
  execFileSync('npm', ['install', ...flags, `testcontainers@${VERSION}`, ...more], {
    cwd,
    stdio: 'ignore',
    timeout: 180_000,
  })
  return createRequire(join(cwd, 'package.json'))
}

/** Adds the programs that an empty image lacks. */
export const withPrograms = <Container extends Generic>(container: Container): Container =>
  container
    .withEnvironment({ PATH: mountedPath })
    .withBindMounts(mountedFiles.map((each) => ({ ...each, mode: 'ro' as const })))
