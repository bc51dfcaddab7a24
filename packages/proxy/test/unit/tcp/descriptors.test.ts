import { afterEach, describe, expect, test, vi } from 'vitest'
import { dial, echo, eventually, network, Received, startDialling } from '../../../../testing/src/sockets.ts'
import { createDescriptors, descriptors, parseLimit } from '../../../src/tcp/descriptors.ts'

test('createDescriptors reserves some file descriptors, and gives returned descriptors out again', () => {
  const few = createDescriptors(256)
  const taken = Array.from({ length: 70 }, () => few.take(2))
  expect(taken.filter((giveBack) => giveBack !== undefined)).toHaveLength(64)
  taken[0]?.()
  taken[0]?.()
  expect([few.take(2), few.take(2)]).toEqual([expect.any(Function), undefined])
})

test('some connections are accepted even if few file descriptors are allowed', () => {
  expect(createDescriptors(32).take(16)).toBeDefined()
})

test('parseLimit reads the soft limit of open files as a number, or as Infinity if there is no limit', () => {
  const text = 'Max processes             31491                31491                processes\n'
  expect(parseLimit(`${text}Max open files            1024                 524288               files\n`)).toBe(1024)
  expect(parseLimit(`${text}Max open files            unlimited            unlimited            files\n`)).toBe(
    Infinity,
  )
})

describe('the descriptors of a route', () => {
  afterEach(() => void vi.restoreAllMocks())

  /**
   * Starts to count descriptors that the process takes. The returned function returns how many have not been given
   * back.
   */
  function taking(): () => number {
    let taken = 0
    vi.spyOn(descriptors, 'take').mockImplementation((count) => {
      taken += count
      let isTaken = true
      return () => {
        if (isTaken) taken -= count
        isTaken = false
      }
    })
    return () => taken
  }

  test('a route gives back descriptors when a client leaves, and when the route closes', async () => {
    const taken = taking()
    const route = await network().route({ from: 'clients', to: 'n1', upstream: await echo() })
    expect(taken()).toBe(1)
    const client = new Received(await dial(route))
    client.socket.write('x')
    await client.until(({ text }) => text === 'x')
    expect(taken()).toBe(3)
    client.socket.end()
    await eventually(() => taken() === 1)
    await route.close()
    expect(taken()).toBe(0)
  })

  test('a route gives back the descriptors of a client that leaves before it is identified', async () => {
    const taken = taking()
    const peers = { by: 'nothing', find: () => new Promise<undefined>(() => {}) }
    const route = await network().route({ from: 'clients', to: 'n1', upstream: await echo(), peers })
    const client = await dial(route)
    await eventually(() => taken() === 3)
    client.resetAndDestroy()
    await eventually(() => taken() === 1)
  })

  test('a route resets a client if too few descriptors are left', async () => {
    const created = network()
    const route = await created.route({ from: 'clients', to: 'n1', upstream: await echo() })
    vi.spyOn(descriptors, 'take').mockReturnValue(undefined)
    const client = new Received(startDialling(route))
    await client.until(({ closed }) => closed)
    expect(created.statistics().get('clients>n1')).toMatchObject({ failedAccepts: 1, connections: 0 })
  })
})
