import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { listeningPorts } from '../../../../../targets/src/containers/listening-ports.ts'
import { buildServerImages, SERVER_PROGRAMS } from '../../../../../targets/test/containers/server-images.ts'
import { chaos, root } from '../../../../../testing/src/chaos.ts'
import { expectGone, startPodman } from '../../../../../testing/src/containers/podman.ts'
import { openPodmanSocket, type PodmanSocket } from '../../../../../testing/src/containers/podman-socket.ts'
import { faultsInEffect } from '../../../containers/faults-of-run.ts'

// The example of payments, as in its README: web servers behind nginx, with PostgreSQL and Redis, in an unmodified
// Compose file.

const podman = startPodman()
const { directory, isPossible, programs, say, end } = podman
const env = { PATH: [programs, process.env['PATH']].join(delimiter) }
const example = join(root, 'examples', 'compose-payments')
const cwd = join(directory, 'compose-payments')

const [before = '', after = ''] = readFileSync(join(example, 'README.md'), 'utf8').split('## The cure')
const commandsOf = (text: string): readonly string[] =>
  [...text.matchAll(/```sh\n(.*?)```/gs)].flatMap(([, block = '']) =>
    block
      .replaceAll(/ *\\\n */g, ' ')
      .trim()
      .split('\n'),
  )

const areServersHere = (): boolean => {
  try {
    say(`for each in ${SERVER_PROGRAMS}; do command -v $each; done`)
    return true
  } catch {
    return false
  }
}

const isHere = (program: string): boolean => {
  try {
    say(`command -v ${program}`)
    return true
  } catch {
    return false
  }
}

const seeds = process.env['CHAOS_SOAK'] === 'short' ? [1] : [1, 2, 3]

/** The script that replaces the README's `docker compose`, for each compose program. */
const COMPOSING: { readonly [program: string]: (host: string) => string } = {
  'podman-compose': () => 'exec podman-compose "$@"',
  'docker-compose': (host) => `DOCKER_HOST=${host} exec docker-compose "$@"`,
}
const composing = Object.keys(COMPOSING).map((program) => ({ program, isHere: isHere(program) }))

describe.runIf(isPossible && areServersHere())('web servers with a database and a cache behind a gateway', () => {
  let socket: PodmanSocket | undefined
  beforeAll(async () => {
    cpSync(example, cwd, { recursive: true, filter: (path) => !/node_modules|chaos-results/.test(path) })
    buildServerImages(podman)
    socket = await openPodmanSocket(podman)
  }, 120_000)
  afterAll(async () => {
    await socket?.end()
    await end()
  }, 120_000)

  /** Returns the exit codes and the output of a command of the README, for each seed. */
  async function judged(command = '') {
    const [npx, tool, ...args] = command.split(' ')
    expect([npx, tool]).toEqual(['npx', 'chaos'])
    const found: { readonly exitCode: number | null; readonly said: string }[] = []
    for (const seed of seeds) {
      const typed = args.map((word, i) => (args[i - 1] === '--seed' ? String(seed) : word))
      const { exitCode, stdout, stderr } = await chaos(typed, { cwd, env })
      found.push({ exitCode, said: stdout + stderr })
    }
    return found
  }
  const serving = () =>
    say(`podman inspect --format '{{.State.Pid}}' $(podman ps --quiet --filter label=com.docker.compose.service=web)`)
      .split('\n')
      .map((pid) => listeningPorts(Number(pid)).includes(8080))
  const containers = () => say(`podman ps --format '{{.Names}} {{.StartedAt}}' | sort`)

  describe.each(composing)('web servers that $program started', ({ program, isHere }) => {
    beforeAll(() => {
      const command = COMPOSING[program]?.(socket?.host ?? '') ?? ''
      writeFileSync(join(programs, 'docker'), `#!/bin/sh\n[ "$1" = compose ] || exit 1\nshift\n${command}\n`)
    })

    test.runIf(isHere)('web servers pay twice if they repeat delayed requests to the database', async () => {
      const [install, up, run] = commandsOf(before)
      for (const command of [install, up]) say(command ?? '', cwd)
      for (const { exitCode, said } of await judged(run)) {
        expect(said).toContain('NOT LINEARIZABLE')
        expect(exitCode, said).toBe(1)
        expect(faultsInEffect(cwd)).toEqual(['latency', 'partition'])
      }
      await expectGone('compose_payments')
    })

    test.runIf(isHere)(
      'web servers pay once if payments have idempotency keys, and all containers run again afterwards',
      async () => {
        const [down, up, run, downAgain] = commandsOf(after)
        say(`${down}; ${up}`, cwd)
        // The engine restarts the service until its database is up.
        await expect.poll(serving, { timeout: 60_000 }).toEqual([true, true])
        const found = containers()
        for (const { exitCode, said } of await judged(run)) expect(exitCode, said).toBe(0)
        expect(containers()).toBe(found)
        say(downAgain ?? '', cwd)
      },
    )
  })
})
