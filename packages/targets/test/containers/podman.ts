import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { networkInterfaces, tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { expect, vi } from 'vitest'

const server = join(import.meta.dirname, '..', 'cluster', 'kv-server.mjs')

/** A rootful podman with storage and networks of its own, and a program `podman` in front of PATH that uses them. */
export interface Podman {
  readonly directory: string
  readonly isPossible: boolean
  /** Where the program is, for PATH. */
  readonly programs: string
  /** Runs a command line of the shell in a directory of the projects. */
  say(command: string, cwd?: string): string
  /** Writes a Compose file into a directory of this name, which is the project's name. */
  project(name: string, services: readonly string[]): string
  /** Removes everything, and waits until nothing of it runs. */
  end(): Promise<void>
}

interface PodmanOptions {
  /** The name of a network of this machine in which it runs, as `ip netns` has it; by default that of this process. */
  readonly inside?: string
}

/** Prepares an engine; where containers with networks are not possible, for want of root, programs or rights, it says so. */
export function startPodman({ inside = '' }: PodmanOptions = {}): Podman {
  const directory = mkdtempSync(join(tmpdir(), 'chaos-podman-'))
  const programs = join(directory, 'programs')
  for (const path of [programs, join(directory, 'empty', 'data')]) mkdirSync(path, { recursive: true })
  writeFileSync(join(directory, 'containers.conf'), configuration(directory))
  writeFileSync(join(programs, 'podman'), program(directory, inside))
  chmodSync(join(programs, 'podman'), 0o755)
  // The engine of this test is podman, even where a Docker runs.
  writeFileSync(join(programs, 'docker'), DOCKER)
  chmodSync(join(programs, 'docker'), 0o755)
  const env = { ...process.env, PATH: [programs, process.env['PATH']].join(delimiter) }

  function say(command: string, cwd = directory): string {
    const { status, stdout, stderr, error } = spawnSync('bash', ['-c', command], {
      ...{ cwd, env, encoding: 'utf8', timeout: 120_000 },
    })
    if (status !== 0) throw new Error(`${command}: ${error?.message ?? stderr}`)
    return stdout.trim()
  }
  return {
    directory,
    isPossible: isPossible(directory, say),
    programs,
    say,
    project: (name, services) => writeProject(directory, name, services),
    async end() {
      say('podman rm --all --force --time 0; podman network prune --force')
      await vi.waitFor(() => expect(left(directory)).toEqual([]), { timeout: 60_000 })
      say('podman unmount --all --force; umount images/overlay 2>/dev/null || true')
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

function isPossible(directory: string, say: (command: string) => string): boolean {
  try {
    if (process.getuid?.() !== 0) throw new Error('only root may join networks')
    say('which runc podman-compose nft ip nsenter')
    say('tar -cf empty.tar -C empty . && podman import empty.tar kv && podman network create try')
    say(`podman run --rm --network try kv /usr/bin/env true && podman network rm try`)
    return true
  } catch {
    rmSync(directory, { recursive: true, force: true })
    return false
  }
}

const DOCKER = `#!/bin/sh
[ "$1" = compose ] && shift && exec podman-compose "$@"
echo "no daemon here" >&2
exit 1
`

export function writeProject(directory: string, name: string, services: readonly string[]): string {
  const path = join(directory, name)
  mkdirSync(path, { recursive: true })
  writeFileSync(join(path, 'compose.yaml'), `services:\n${services.join('\n')}\n`)
  return path
}

/** Where nothing of systemd runs. */
export const commonConfiguration = `[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1000:1000"]
log_driver = "k8s-file"
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
[network]
network_backend = "netavark"
`

const configuration = (directory: string): string =>
  `${commonConfiguration}network_config_dir = "${join(directory, 'networks')}"\n`

const program = (directory: string, inside: string): string => `#!/bin/bash
export CONTAINERS_CONF=${join(directory, 'containers.conf')}
${runningWithMounts(`${inside && `nsenter --net=/run/netns/${inside}`} /usr/bin/podman --storage-driver overlay --root ${join(directory, 'images')} --runroot ${join(directory, 'run')} --tmpdir ${join(directory, 'tmp')}`)}`

/** Lines of the shell that pass everything on to podman, and give what runs the programs of this machine. */
export const runningWithMounts = (podman: string): string => `[ "$1" = run ] || exec ${podman} "$@"
shift
exec ${podman} run ${mounts.map((path) => `-v ${path}:${path}:ro`).join(' ')} -v ${server}:/server.mjs:ro --env PATH=${node}:/usr/bin "$@"
`

const node = dirname(realpathSync(process.execPath))
/** Images cannot be fetched here, so theirs is empty, and its programs are those of this machine. */
const mounts: readonly string[] = ['/usr', '/lib', '/lib64', ...(node.startsWith('/usr/') ? [] : [node])]

/** A service of the Compose file. */
export const service = (name: string, command: string): string => `  ${name}:
    image: kv
    command: ${command}`

/** The three nodes of `kv-server.mjs`, who know each other by the names of their services. */
export const kvServices = (flags = ''): readonly string[] =>
  ['n1', 'n2', 'n3'].map((name, _, all) => {
    const peers = all.filter((other) => other !== name).map((other) => `${other}=${other}:8000`)
    return service(
      name,
      `node /server.mjs --name ${name} --data /data --listen 0.0.0.0:7000 --peer 0.0.0.0:8000 --peers ${peers.join(',')} ${flags}`,
    )
  })

/** Processes started for these containers that have not ended: each names the directory of their storage. */
const left = (directory: string): readonly string[] =>
  readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid))
    .map(commandOf)
    .filter((command) => command.includes(directory))

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
  } catch {
    return '' // it ended between the listing and the reading
  }
}

/** The tables of rules for the project. */
export const rulesOnMachine = (project: string): readonly string[] =>
  spawnSync('nft', ['list', 'tables'], { encoding: 'utf8' })
    .stdout.split('\n')
    .filter((line) => line.includes(`chaos_${project}`))

/** What runs have put on this machine: tables of rules for the project, and addresses of links, of whatever project. */
export const leftOnMachine = (project: string): readonly string[] => [
  ...rulesOnMachine(project),
  ...(networkInterfaces()['lo'] ?? []).map(({ address }) => address).filter((address) => address.startsWith('198.19.')),
]
