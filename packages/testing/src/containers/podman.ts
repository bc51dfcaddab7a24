import { spawnSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
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
import { ownerOf } from '../../../targets/src/containers/address-owner.ts'
import { kv } from './kv.ts'

const server = join(import.meta.dirname, 'kv-server.mjs')

/** A rootful podman with its own storage and networks, and a program `podman` that uses them. */
export interface Podman {
  readonly directory: string
  readonly isPossible: boolean
  /** The directory of the program `podman`, for PATH. */
  readonly programs: string
  say(command: string, cwd?: string): string
  /** Writes a Compose file into a directory with the project's name. */
  project(name: string, services: readonly string[]): string
  network(project: string): string
  /** Removes everything, and waits until this podman's processes have ended. */
  end(): Promise<void>
}

interface PodmanOptions {
  /** The network namespace of podman, as named by `ip netns`; by default that of this process. */
  readonly inside?: string
}

/** Prepares an engine, or reports why containers with networks are not possible. */
export function startPodman({ inside = '' }: PodmanOptions = {}): Podman {
  const directory = mkdtempSync(join(tmpdir(), 'chaos-podman-'))
  const programs = join(directory, 'programs')
  for (const path of [programs, join(directory, 'empty', 'data')]) mkdirSync(path, { recursive: true })
  writeFileSync(
    join(directory, 'containers.conf'),
    configuration(
      `hooks_dir = ["${join(directory, 'hooks')}"]`,
      `network_config_dir = "${join(directory, 'networks')}"
default_subnet_pools = [{ base = "${subnets()}", size = 24 }]`,
    ),
  )
  writeLending(join(directory, 'hooks'))
  writeFileSync(join(programs, 'podman'), program(directory, inside))
  chmodSync(join(programs, 'podman'), 0o755)
  // On a machine with Docker, this program replaces `docker`, so that the tests use podman.
  writeFileSync(join(programs, 'docker'), DOCKER)
  chmodSync(join(programs, 'docker'), 0o755)
  const env = { ...process.env, PATH: [programs, process.env['PATH']].join(delimiter) }

  const networkOf = (name: string): string => `${name}-${directory.split('-').at(-1)}`

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
    project: (name, services) => writeProject(directory, name, [...services, ...ownNetwork(networkOf(name), services)]),
    network: networkOf,
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
    say(
      `tar -cf empty.tar -C empty . && podman import --change 'ENV PATH=${mountedPath}' empty.tar kv && podman network create try`,
    )
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

/**
 * Gives a network its own name. All engines of this machine share one directory for DNS names, with one file for each
 * network name. Even the network of an aborted test may still have a file there.
 */
const ownNetwork = (name: string, services: readonly string[]): readonly string[] =>
  services.includes('networks:') ? [] : ['networks:', '  default:', `    name: ${name}`]

export function writeProject(directory: string, name: string, services: readonly string[]): string {
  const path = join(directory, name)
  mkdirSync(path, { recursive: true })
  writeFileSync(join(path, 'compose.yaml'), `services:\n${services.join('\n')}\n`)
  return path
}

/** Random subnets: if two engines looked for free addresses at the same moment, both would pick the same addresses. */
const subnets = (): string => `10.${100 + randomInt(100)}.${16 * randomInt(16)}.0/20`

/** The configuration of podman for machines without systemd. */
export const configuration = (engine = '', network = ''): string => `[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1000:1000"]
log_driver = "k8s-file"
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
${engine}
[network]
network_backend = "netavark"
${network}
`

const program = (directory: string, inside: string): string => `#!/bin/bash
export CONTAINERS_CONF=${join(directory, 'containers.conf')}
exec ${inside && `nsenter --net=/run/netns/${inside}`} /usr/bin/podman --storage-driver overlay --root ${join(directory, 'images')} --runroot ${join(directory, 'run')} --tmpdir ${join(directory, 'tmp')} "$@"
`

/** Writes a podman hook that mounts this machine's programs into every container. */
function writeLending(directory: string): void {
  mkdirSync(directory)
  const lend = join(directory, 'lend')
  const options = ['bind', 'ro']
  const added = mountedFiles.map(({ source, target }) => ({
    ...{ destination: target, type: 'bind' },
    source,
    options,
  }))
  writeFileSync(
    lend,
    `#!/bin/sh\nexec sed 's#"mounts":\\[#&${added.map((each) => `${JSON.stringify(each)},`).join('')}#'\n`,
  )
  chmodSync(lend, 0o755)
  const hook = { version: '1.0.0', hook: { path: lend }, when: { always: true }, stages: ['precreate'] }
  writeFileSync(join(directory, 'lend.json'), JSON.stringify(hook))
}

/**
 * Returns shell lines that run podman with the arguments of the shell script. For `podman run`, the lines also mount
 * this machine's programs into the container.
 */
export const runningWithMounts = (podman: string): string => `[ "$1" = run ] || exec ${podman} "$@"
shift
exec ${podman} run ${mounts.map((path) => `-v ${path}:${path}:ro`).join(' ')} -v ${server}:/server.mjs:ro --env PATH=${node}:/usr/bin "$@"
`

const node = dirname(realpathSync(process.execPath))
/** Images cannot be fetched here, so the containers' image is empty and uses this machine's programs. */
const mounts: readonly string[] = ['/bin', '/usr', '/lib', '/lib64', ...(node.startsWith('/usr/') ? [] : [node])]

export const service = (name: string, command: string): string => `  ${name}:
    image: kv
    command: ${command}`

/**
 * Returns a service that mounts this machine's programs. Use this service if the engine is behind a socket, because the
 * mounts of `runningWithMounts` are then missing.
 */
export const mountedService = (name: string, command: string): string => `${service(name, command)}
    environment:
      PATH: ${mountedPath}
    volumes:
${volumes.map((each) => `      - ${each}`).join('\n')}`

/** Files of this machine that containers of the image need. */
export const mountedFiles: readonly { readonly source: string; readonly target: string }[] = [
  ...mounts.map((path) => ({ source: path, target: path })),
  { source: server, target: '/server.mjs' },
]
const volumes = mountedFiles.map(({ source, target }) => `${source}:${target}:ro`)

export const mountedPath = `${node}:/usr/bin`

/** Returns three nodes of `kv-server.mjs`, which address each other by service name. */
export const kvServices = (flags = ''): readonly string[] =>
  ['n1', 'n2', 'n3'].map((name, _, all) => {
    const peers = all.filter((other) => other !== name).map((other) => `${other}=${other}:8000`)
    return service(
      name,
      `node /server.mjs --name ${name} --data /data --listen 0.0.0.0:7000 --peer 0.0.0.0:8000 --peers ${peers.join(',')} ${flags}`,
    )
  })

/** The declaration of the nodes of `kvServices`. */
export const kvNodes = {
  nodes: ['n1', 'n2', 'n3'],
  port: 7000,
  ready: { by: 'http', path: '/health' },
  client: {
    kind: 'http',
    keys: '{key}-{run}',
    routes: kv.client.routes,
  },
} as const

/** Returns the command lines of remaining processes, which name the storage directory. */
const left = (directory: string): readonly string[] =>
  readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid))
    .map(commandOf)
    .filter((command) => command.includes(directory))

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
  } catch {
    return '' // the process ended between the listing and the reading
  }
}

/** Returns the nftables tables of the project; none without `nft`, because only `nft` creates them. */
export const rulesOnMachine = (project: string): readonly string[] =>
  (spawnSync('nft', ['list', 'tables'], { encoding: 'utf8' }).stdout ?? '')
    .split('\n')
    .filter((line) => line.includes(`chaos_${project}`))

interface LinkAddress {
  readonly address: string
  readonly label: string
}

const linkAddresses = (): readonly LinkAddress[] =>
  Object.entries(networkInterfaces()).flatMap(([label, each = []]) =>
    each.filter(({ address }) => /^(198\.19\.|2001:2:0:)/.test(address)).map(({ address }) => ({ address, label })),
  )

const nameOf = ({ address, label }: LinkAddress): string => `${address} of ${label}`

/** Addresses from before the tests of this file. */
const foreign = new Set(linkAddresses().map(nameOf))

/**
 * Returns whether no other running process owns the address. An owner may be another test, which removes its addresses
 * itself.
 */
function isNobodyElses({ label, address }: LinkAddress): boolean {
  const owner = ownerOf(label, address)
  return owner?.lives !== true || owner.pid === process.pid
}

/**
 * Returns what runs have left on this machine: nftables tables, and link addresses.
 *
 * @param pid The process of a run. Without a pid, includes the addresses of this process and of ended processes.
 */
export const onMachine = (project: string, pid?: number): readonly string[] => [
  ...rulesOnMachine(project),
  ...linkAddresses()
    .filter((each) => (pid === undefined ? isNobodyElses(each) : ownerOf(each.label, each.address)?.pid === pid))
    .map(nameOf)
    .filter((name) => !foreign.has(name)),
]

export async function expectGone(project: string, pid?: number): Promise<void> {
  await expect.poll(() => onMachine(project, pid), { timeout: 60_000 }).toEqual([])
}
