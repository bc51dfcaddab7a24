import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A Docker daemon with its own storage and an empty image `kv`. */
export interface DockerDaemon {
  /** Why no daemon can run on this machine, if none can. */
  readonly obstacle: string | undefined
  readonly directory: string
  readonly host: string
  /** Runs a shell command line in which `docker` uses this daemon. */
  say(command: string): string
  end(): void
}

interface DockerOptions {
  /**
   * Returns a name for the network namespace that `startDocker` creates for the daemon. If this function is absent, the
   * daemon runs in the network namespace of this process.
   */
  readonly inside?: (directory: string) => string
}

/** A bridge that no test container joins, in a range for documentation (TEST-NET-2). */
const ADDRESS = '198.51.100.1/24'
const BEGINS_WITHIN_S = 30
const ENDS_WITHIN_MS = 60_000

export function startDocker({ inside }: DockerOptions = {}): DockerDaemon {
  const directory = mkdtempSync(join(tmpdir(), 'chaos-docker-'))
  const host = `unix://${join(directory, 'docker.sock')}`
  const space = inside?.(directory)
  const bridge = `docker${process.pid}`
  const path = (name: string) => join(directory, name)

  function say(command: string): string {
    const env = { ...process.env, DOCKER_HOST: host }
    const options = { cwd: directory, env, encoding: 'utf8', timeout: 60_000 } as const
    const { status, stdout, stderr, error } = spawnSync('bash', ['-c', command], options)
    if (status !== 0) throw new Error(`${command}: ${error?.message ?? stderr}`)
    return stdout.trim()
  }

  function begin(): void {
    if (process.getuid?.() !== 0) throw new Error('only root can run a Docker daemon')
    for (const program of ['dockerd', 'docker', 'nft', 'ip', 'nsenter'])
      if (spawnSync('which', [program]).status !== 0) throw new Error(`${program} is not installed`)
    if (space !== undefined) say(`ip netns add ${space} && ip netns exec ${space} ip link set lo up`)
    const places = ['--data-root', path('data'), '--exec-root', path('exec'), '--pidfile', path('docker.pid')]
    // In a shared network namespace, the daemon gets its own bridge and sets no rules, so that it leaves other bridges
    // and rules alone.
    if (space === undefined) say(`ip link add ${bridge} type bridge && ip address add ${ADDRESS} dev ${bridge}`)
    const modest = space === undefined ? ['--iptables=false', '--ip6tables=false', '--bridge', bridge] : []
    const words = ['dockerd', ...places, '--host', host, ...modest]
    const [program = '', ...args] = space === undefined ? words : ['nsenter', `--net=/run/netns/${space}`, ...words]
    const log = openSync(path('docker.log'), 'w')
    spawn(program, args, { stdio: ['ignore', log, log], detached: true }).unref()
    say(`timeout ${BEGINS_WITHIN_S} bash -c "until docker version >/dev/null 2>&1; do sleep 0.1; done"`)
    mkdirSync(join(directory, 'empty', 'data'), { recursive: true })
    say('tar -cf empty.tar -C empty . && docker import empty.tar localhost/kv')
  }

  function end(): void {
    // It is enough to kill the daemon: its other processes end with it.
    spawnSync(
      'bash',
      [
        '-c',
        'docker rm --force $(docker ps --all --quiet); docker network prune --force; pid=$(cat docker.pid) && kill $pid && tail --pid=$pid -f /dev/null',
      ],
      { cwd: directory, env: { ...process.env, DOCKER_HOST: host }, timeout: ENDS_WITHIN_MS },
    )
    spawnSync('ip', space === undefined ? ['link', 'delete', bridge] : ['netns', 'delete', space])
    rmSync(directory, { recursive: true, force: true })
  }

  let obstacle: string | undefined
  try {
    begin()
  } catch (error) {
    obstacle = complaintOf(path('docker.log')) ?? (error as Error).message
    end()
  }
  return { obstacle, directory, host, say, end }
}

/** Returns the log line that says why the daemon gave up. */
function complaintOf(log: string): string | undefined {
  try {
    return readFileSync(log, 'utf8')
      .split('\n')
      .findLast((line) => /^failed|level=(fatal|error)/.test(line))
  } catch {
    return undefined // the daemon has not been started
  }
}
