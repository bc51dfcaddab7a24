import { expect } from 'vitest'
import { echo } from '../../../testing/src/sockets.ts'
import { control } from './control-plane.ts'

export const latency = { kind: 'latency', latencyMs: 5 }

/** Creates two proxies to one echo server: n1, and n2 with the endpoints a and b. */
export async function withProxies(options: Parameters<typeof control>[0] = {}) {
  const { port } = await echo()
  const asked = await control(options)
  const upstream = `127.0.0.1:${port}`
  for (const proxy of [
    { name: 'n1', upstream },
    { name: 'n2', upstream, from: 'a', to: 'b' },
  ])
    expect(await asked.ask('POST', '/v1/proxies', proxy)).toMatchObject({ status: 201 })
  return asked
}
