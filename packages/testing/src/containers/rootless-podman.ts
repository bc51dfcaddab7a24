import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { configuration, type Podman, runningWithMounts, writeProject } from './podman.ts'

/** The podman of an unprivileged user. `startRootlessPodman` creates both. */
export interface RootlessPodman extends Omit<Podman, 'programs' | 'isPossible' | 'network'> {
  /** Why rootless containers cannot run on this machine, if they cannot. */
  readonly obstacle: string | undefined
}

/** Creates a user with an engine, and removes both at the end. Requires root. */
export function startRootlessPodman(): RootlessPodman {
  const directory = mkdtempSync(join(tmpdir(), 'chaos-rootless-'))
  const user = `chaos${process.pid}`
  const programs = join(directory, 'programs')
  let runtime = ''

  function say(command: string, cwd = directory): string {
    // Not every system lets everybody open /dev/net/tun, so the user gets a separate device node.
    const tun = `mount --bind ${join(directory, 'tun')} /dev/net/tun`
    const variables = {
      HOME: directory,
      USER: user,
      NO_COLOR: '1',
      PATH: [programs, dirname(realpathSync(process.execPath)), '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin'].join(
        delimiter,
      ),
      XDG_RUNTIME_DIR: runtime,
      CONTAINERS_CONF: join(directory, 'containers.conf'),
    }
    const words = ['setpriv', '--reuid', user, '--regid', user, '--init-groups', 'env', '-i']
    const asUser = [...words, ...Object.entries(variables).map(([name, value]) => `${name}=${value}`), 'bash', '-c']
    const inside = `${tun} && exec ${asUser.join(' ')} "$0"`
    return ended('unshare', ['--mount', 'bash', '-c', inside, command], cwd)
  }

  function create(): void {
    if (process.getuid?.() !== 0) throw new Error('only root can create a user')
    for (const program of [
      'podman',
      'podman-compose',
      'runc',
      'newuidmap',
      'slirp4netns',
      'iptables',
      'nft',
      'useradd',
    ])
      if (spawnSync('which', [program]).status !== 0) throw new Error(`${program} is not installed`)
    ended('useradd', ['--no-create-home', '--home-dir', directory, '--shell', '/bin/bash', user])
    // Podman expects its runtime directory here. Its own processes see nothing else of /run.
    runtime = join('/run/user', ended('id', ['--user', user]))
    for (const path of [programs, runtime, join(directory, 'empty', 'data')]) mkdirSync(path, { recursive: true })
    chmodSync(runtime, 0o700)
    writeFileSync(join(directory, 'containers.conf'), configuration())
    writeFileSync(join(programs, 'podman'), `#!/bin/bash\n${runningWithMounts('/usr/bin/podman')}`)
    writeFileSync(join(programs, 'docker'), '#!/bin/sh\necho "no daemon here" >&2\nexit 1\n')
    for (const program of ['podman', 'docker']) chmodSync(join(programs, program), 0o755)
    ended('mknod', ['--mode=666', join(directory, 'tun'), 'c', '10', '200'])
    ended('chown', ['-R', `${user}:`, directory, runtime])
    say('tar -cf empty.tar -C empty . && podman import empty.tar kv && podman network create try')
    say('podman run --rm --network try kv /usr/bin/env true && podman network rm try')
  }

  function remove(): void {
    // Every process of this user belongs to the test.
    spawnSync('pkill', ['-KILL', '--uid', user])
    spawnSync('timeout', ['10', 'bash', '-c', `while pgrep --uid ${user}; do sleep 0.1; done`])
    spawnSync('userdel', [user])
    for (const path of [directory, runtime]) if (path !== '') rmSync(path, { recursive: true, force: true })
  }

  let obstacle: string | undefined
  try {
    create()
  } catch (error) {
    obstacle = error instanceof Error ? (error.message.trim().split('\n').at(-1) ?? '') : String(error)
    remove()
  }
  return {
    directory,
    obstacle,
    say,
    project(name, services) {
      const path = writeProject(directory, name, services)
      ended('chown', ['-R', `${user}:`, path])
      return path
    },
    async end() {
      say('podman rm --all --force --time 0; podman network prune --force')
      remove()
    },
  }
}

function ended(program: string, args: readonly string[], cwd = tmpdir()): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd, encoding: 'utf8', timeout: 120_000 })
  if (status !== 0) throw new Error(`${program} ${args.at(-1)}: ${error?.message ?? stderr + stdout}`)
  return stdout.trim()
}
