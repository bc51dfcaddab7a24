import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { dispatcherThrough } from '@chaosproxy/undici'
import { test } from '@chaosproxy/vitest'
import { fetch } from 'undici'
import { expect } from 'vitest'
import { ROUTES, store, temporaryDirectory } from '../store.ts'

test('a recording of Vitest’s fixture can inject faults into fetch and judge the requests', async ({ chaos }) => {
  const upstream = await store({ stale: true })
  const out = temporaryDirectory()
  const as = join(out, 'routes.json')
  writeFileSync(as, JSON.stringify(ROUTES))
  const recording = await chaos.record({ upstream, as, out, listen: false })
  const dispatcher = dispatcherThrough(recording)
  const put = (value: number) =>
    fetch(`${upstream}/kv/x`, {
      method: 'PUT',
      body: JSON.stringify({ value }),
      headers: { 'X-Client': 'a' },
      dispatcher,
    })
  await put(1)
  await put(2)
  const read = await fetch(`${upstream}/kv/x`, { headers: { 'X-Client': 'b' }, dispatcher })
  expect(await read.json()).toEqual({ value: 1 })
  const heal = await recording.hurt({ kind: 'lose-reply' })
  await expect(put(3)).rejects.toThrow('fetch failed')
  expect(await heal()).toBe(1)
  expect(await recording.stop()).not.toBeLinearizable()
  await dispatcher.destroy()
})
