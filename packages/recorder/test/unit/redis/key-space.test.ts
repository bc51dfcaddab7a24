import { describe, expect, test } from 'vitest'
import { KeySpace } from '../../../src/redis/key-space.ts'

describe('the known keys of a Redis', () => {
  test('KeySpace lists the known keys of one database or of all databases, with their hash fields', () => {
    const keySpace = new KeySpace()
    const [zero, one] = [keySpace.names('0'), keySpace.names('1')]
    for (const key of ['x', 'x', 'h']) zero.key(key)
    zero.field('h', 'f')
    one.key('x')
    expect(zero.known(false)).toEqual(['x', 'h', 'h[f]'])
    expect(one.known(false)).toEqual(['1/x'])
    expect(zero.known(true)).toEqual(['x', 'h', 'h[f]', '1/x'])
  })

  test('KeySpace lists no known keys if several servers are recorded or more than 10,000 keys were seen', () => {
    const [one, several] = [new KeySpace(), new KeySpace()]
    one.node('n1')
    for (const node of ['n1', 'n2']) several.node(node)
    several.names('0').key('x')
    expect(several.names('0').known(true)).toBeUndefined()
    const names = one.names('0')
    for (let i = 0; i < 10_000; i++) names.key(`k${i}`)
    expect(names.known(true)).toHaveLength(10_000)
    names.key('one more')
    expect(names.known(true)).toBeUndefined()
  })

  test('KeySpace knows at most 100,000 hash fields', () => {
    const names = new KeySpace().names('0')
    for (let i = 1; i < 100_000; i++) names.field('h', `${i}`)
    expect(['last', 'first too many', 'last'].map((field) => names.field('h', field))).toEqual([
      'h[last]',
      undefined,
      'h[last]',
    ])
  })
})

describe('a key that is first seen after a flush', () => {
  /** Returns the keys and fields that are known to be absent, and those that a flush in progress may delete. */
  const seenAfter = (steps: (keySpace: KeySpace) => void) => {
    const keySpace = new KeySpace()
    const absent: string[] = []
    const flushed: string[] = []
    keySpace.onAbsent = (name) => void absent.push(name)
    keySpace.onFlushed = (name) => void flushed.push(name)
    steps(keySpace)
    const names = ['0', '1'].map((database) => keySpace.names(database))
    for (const each of names) each.key('new')
    return { absent, flushed }
  }

  test.each<readonly [string, Parameters<typeof seenAfter>[0], readonly string[]]>([
    ['of all databases is absent in all', (keySpace) => keySpace.deleting([], 'everything')(true), ['new', '1/new']],
    ['of one database is absent there', (keySpace) => keySpace.deleting([], { database: '1' })(true), ['1/new']],
    ['that failed may be there', (keySpace) => keySpace.deleting([], 'everything')(false), []],
    ['of unknown outcome may be there', (keySpace) => keySpace.deleting([], 'everything')(), []],
  ])('%s', (_, steps, absent) => {
    expect(seenAfter(steps)).toEqual({ absent, flushed: [] })
  })

  test('an unanswered flush may delete a key that is first seen later, even if another flush failed', () => {
    const both = ['new', '1/new']
    expect(seenAfter((keySpace) => void keySpace.deleting([], 'everything'))).toEqual({ absent: [], flushed: both })
    const one = (keySpace: KeySpace) => {
      keySpace.deleting([], { database: '0' })
      keySpace.deleting([], 'everything')(false)
    }
    expect(seenAfter(one)).toEqual({ absent: [], flushed: both })
  })
})
