import { expect, test } from 'vitest'
import { containersIn } from '../../../src/containers/engine.ts'
import { isComingBack, isOutdated } from '../../../src/containers/members.ts'

const SECOND = 1000
const ago = (ms: number) => new Date(Date.now() - ms).toISOString()

function container(state: object, policy: string | undefined) {
  const [found] = containersIn(
    JSON.stringify([
      {
        ...{ Id: 'f00d', Name: '/web', Config: { Image: 'kv' }, NetworkSettings: {} },
        State: { Running: false, Pid: 0, ExitCode: 1, FinishedAt: ago(SECOND), ...state },
        HostConfig: { NetworkMode: 'bridge', RestartPolicy: { Name: policy } },
      },
    ]),
  )
  if (found === undefined) throw new Error('there is one container')
  return found
}

test.each([
  ['ended a moment ago and is always restarted', {}, 'always', true],
  ['failed a moment ago and is restarted on failure', {}, 'on-failure', true],
  ['succeeded a moment ago and is restarted on failure', { ExitCode: 0 }, 'on-failure', false],
  ['ended long ago, although it is always restarted', { FinishedAt: ago(60 * SECOND) }, 'always', false],
  ['ended a moment ago and is never restarted', {}, 'no', false],
  ['ended a moment ago on an engine that says nothing of restarts', {}, undefined, false],
  ['waits for its next start, as Docker says it', { Running: true, Restarting: true }, 'on-failure', true],
] as const)(
  'a run waits for a container only if the engine will restart it: a container that %s',
  (_, state, policy, isAwaited) => {
    const found = container(state, policy)
    expect(found.running).toBe(false)
    expect(isComingBack(found)).toBe(isAwaited)
  },
)

test('the description of a container is outdated once the process of the container has ended', () => {
  const running = { Running: true, FinishedAt: undefined }
  expect(isOutdated(container({ ...running, Pid: process.pid }, 'always'))).toBe(false)
  expect(isOutdated(container({ ...running, Pid: 2 ** 30 }, 'always'))).toBe(true)
})
