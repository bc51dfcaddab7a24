import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { watchContainers } from '../../../src/containers/watch.ts'
import type { Keeper } from '../../../src/keeper/keeper.ts'

const directory = mkdtempSync(join(tmpdir(), 'chaos-watch-'))
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(directory, { recursive: true, force: true })
})

const keeper: Pick<Keeper, 'announce' | 'watch' | 'forget'> = { announce() {}, watch() {}, forget() {} }

test('container events are requested again after the engine has ended their stream', async () => {
  // In the first call, the engine ends the stream after one event. The second call fails. In each later call, the
  // stream stays open.
  writeFileSync(
    join(directory, 'docker'),
    `#!/bin/sh
echo >>${directory}/asked
case $(wc -l <${directory}/asked) in
1) echo start aaa ;;
2) exit 1 ;;
*) echo die bbb; exec sleep 600 ;;
esac
`,
  )
  chmodSync(join(directory, 'docker'), 0o755)
  vi.stubEnv('PATH', [directory, process.env['PATH']].join(delimiter))
  const told: string[] = []
  const unwatch = await watchContainers('docker', {
    keeper: keeper as Keeper,
    logPath: join(directory, 'events.log'),
    happened: ({ what, id }) => told.push(`${what} ${id}`),
    missed: () => told.push('missed'),
  })
  await expect.poll(() => told, { timeout: 30_000 }).toContain('die bbb')
  await unwatch()
  expect(told.filter((each) => each !== 'missed')).toEqual(['start aaa', 'die bbb'])
  expect(told).toContain('missed')
})
