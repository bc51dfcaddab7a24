import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'

/**
 * Substitutes for containers: network namespaces on a bridge with a process in each, and a program that lists them as
 * an engine does.
 */
export interface NetContainers {
  /** Each id is also the name of the container's network namespace. */
  readonly ids: readonly string[]
  addressOf(id: string): string
  /** Undefined without IPv6. */
  address6Of(id: string): string | undefined
  /**
   * A value for the variable PATH in which `podman` is the program that lists the containers, and `docker` always
   * fails.
   */
  readonly path: string
  remove(): void
}

export interface NetContainersOptions {
  /** Whether the containers also get IPv6 addresses. */
  readonly ipv6?: boolean
  /** The Node program that each container runs. It must print a line once it is ready. */
  readonly program?: string
}

/** The default program, which only listens on port 9000. */
const IDLE = `require('node:net').createServer().listen(9000, '0.0.0.0', () => console.log('listens'))`

/**
 * Creates what links between real containers need: a bridge, and a network namespace with a process for each container.
 * Needs neither an engine nor images.
 */
export async function openNetContainers(
  count: number,
  { ipv6 = false, program = IDLE }: NetContainersOptions = {},
): Promise<NetContainers> {
  const directory = mkdtempSync(join(tmpdir(), 'chaos-bench-links-'))
  const own = `cb${process.pid}`
  const ids = Array.from({ length: count }, (_, i) => `${own}n${i + 1}`)
  const addressOf = (id: string) => `10.251.77.${ids.indexOf(id) + 2}`
  const address6Of = (id: string) => (ipv6 ? `fd51:77::${(ids.indexOf(id) + 2).toString(16)}` : undefined)
  const children: ChildProcess[] = []
  function remove(): void {
    for (const child of children) child.kill('SIGKILL')
    for (const id of ids) spawnSync('ip', ['netns', 'delete', id])
    spawnSync('ip', ['link', 'delete', own])
    rmSync(directory, { recursive: true, force: true })
  }
  try {
    ip(`link add ${own} type bridge`, `addr add 10.251.77.1/24 dev ${own}`, `link set ${own} up`)
    if (ipv6) ip(`addr add fd51:77::1/64 dev ${own} nodad`)
    for (const [i, id] of ids.entries()) {
      ip(`netns add ${id}`, `link add ${own}v${i} type veth peer name eth0 netns ${id}`)
      ip(`link set ${own}v${i} master ${own} up`)
      ip(`-n ${id} addr add ${addressOf(id)}/24 dev eth0`, `-n ${id} link set eth0 up`, `-n ${id} link set lo up`)
      ip(`-n ${id} route add default via 10.251.77.1`)
      if (ipv6) ip(`-n ${id} addr add ${address6Of(id)}/64 dev eth0 nodad`, `-n ${id} route add default via fd51:77::1`)
      children.push(await start(id, program))
    }
  } catch (error) {
    remove()
    throw error
  }
  const inspected = ids.map((id, i) =>
    inspectedOf(id, { IPAddress: addressOf(id), GlobalIPv6Address: address6Of(id) }, children[i]?.pid ?? 0),
  )
  writeFileSync(join(directory, 'inspected.json'), JSON.stringify(inspected))
  const programs = join(directory, 'programs')
  mkdirSync(programs)
  writeFileSync(join(programs, 'podman'), engine(join(directory, 'inspected.json'), ids))
  writeFileSync(join(programs, 'docker'), '#!/bin/sh\nexit 1\n')
  for (const program of ['podman', 'docker']) chmodSync(join(programs, program), 0o755)
  return { ids, addressOf, address6Of, path: [programs, process.env['PATH']].join(delimiter), remove }
}

function ip(...commands: readonly string[]): void {
  for (const command of commands) {
    const { status, stderr } = spawnSync('ip', command.split(' '), { encoding: 'utf8' })
    if (status !== 0) throw new Error(`ip ${command}: ${stderr}`)
  }
}

function start(id: string, program: string): Promise<ChildProcess> {
  const child = spawn('nsenter', [`--net=/run/netns/${id}`, '--', process.execPath, '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return new Promise((resolve, reject) => {
    child.stdout.once('data', () => resolve(child))
    child.once('exit', () => reject(new Error(`${id} ended by itself`)))
  })
}

/** The members that chaos reads of an engine's output. */
const inspectedOf = (id: string, addresses: object, pid: number) => ({
  ...{ Id: id, Name: id },
  State: { Running: true, Pid: pid, ExitCode: 0, StartedAt: new Date().toISOString() },
  Config: { Image: 'none' },
  HostConfig: { NetworkMode: 'bridge' },
  NetworkSettings: { Networks: { links: addresses }, Ports: {} },
})

const engine = (inspected: string, ids: readonly string[]): string => `#!/bin/sh
case $1 in
ps) printf '%s\\n' ${ids.join(' ')} ;;
inspect) cat ${inspected} ;;
events) exec sleep 3600 ;;
*) exit 1 ;;
esac
`
