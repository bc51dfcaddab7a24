import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { KeySpace } from '../../../src/redis/key-space.ts'
import { scriptCommands } from '../../../src/redis/scripts.ts'

const SOURCE = "return redis.call('get', KEYS[1])"
const sha = (text: string): string => createHash('sha1').update(text).digest('hex')

/** Returns a function that shows how a command calls one known script. */
function called() {
  const calls: string[] = []
  const commands = scriptCommands([
    {
      is: { source: SOURCE },
      recognise: (keys, given) => {
        calls.push(`${keys.join(' ')} | ${given.join(' ')}`)
        return undefined
      },
    },
  ])
  const names = new KeySpace().names('0')
  /** Returns the keys and arguments of a call of the script; undefined for any other command. */
  return (...words: readonly string[]): string | undefined => {
    calls.length = 0
    commands[words[0] ?? '']?.(words, names)
    return calls[0]
  }
}

describe('a call of a known Redis script', () => {
  test.each<readonly [string, string | undefined]>([
    ['0', ' | '],
    ['0 a', ' | a'],
    ['1 k', 'k | '],
    ['1 k a b', 'k | a b'],
    ['2 k l a', 'k l | a'],
    ['-1 k a', undefined],
    ['1.5 k a', undefined],
    ['k', undefined],
    ['1', undefined],
    ['2 k', undefined],
  ])('EVAL divides the words %j into keys and arguments, if the number of keys is valid', (words, keys) => {
    expect(called()('EVAL', SOURCE, ...words.split(' '))).toBe(keys)
    expect(called()('EVALSHA', sha(SOURCE).toUpperCase(), ...words.split(' '))).toBe(keys)
  })

  test('EVAL of another script and EVALSHA of an unknown layout are not calls of a known script', () => {
    expect(called()('EVAL', 'return 1', '0')).toBeUndefined()
    expect(called()('EVALSHA', sha(`${SOURCE} `), '0')).toBeUndefined()
  })

  test.each<readonly [string, readonly string[], string | undefined]>([
    ['EVAL', ['0'], ' | '],
    ['SCRIPT', [], ' | '],
  ])('a layout of a script is recognised by its SHA-1 after %s', (name, words, keys) => {
    const call = called()
    const layout = `${SOURCE} -- a comment`
    if (name === 'EVAL') call('EVAL', layout, ...words)
    else call('SCRIPT', 'load', layout)
    expect(call('EVALSHA', sha(layout), '0')).toBe(keys)
  })

  test('an EVALSHA is not recognised if no command loaded a declared script with this hash', () => {
    const call = called()
    call('SCRIPT', 'EXISTS', `${SOURCE} `)
    call('SCRIPT', 'LOAD', 'return 1')
    expect(call('EVALSHA', sha(`${SOURCE} `), '0')).toBeUndefined()
    expect(call('EVALSHA', sha('return 1'), '0')).toBeUndefined()
  })

  test('a script is recognised in a layout with up to 10,000 additional characters', () => {
    const call = called()
    expect(call('EVAL', SOURCE.padEnd(SOURCE.length + 10_000), '0')).toBe(' | ')
    expect(call('EVAL', SOURCE.padEnd(SOURCE.length + 10_001), '0')).toBeUndefined()
  })

  test('at most 100 layouts of a script are recognised by their SHA-1', () => {
    const call = called()
    const layouts = Array.from({ length: 101 }, (_, i) => SOURCE.padEnd(SOURCE.length + i))
    for (const layout of layouts) call('EVAL', layout, '0')
    expect(layouts.map((layout) => call('EVALSHA', sha(layout), '0') !== undefined).lastIndexOf(true)).toBe(99)
  })

  test.each(["redis.call('GET', KEYS[1])", 'redis.call("get",KEYS[1])', "redis . call ( 'get' , KEYS [ 1 ] )"])(
    'a script is recognised in the layout return %s',
    (text) => {
      expect(called()('EVAL', `return ${text}`, '0')).toBe(' | ')
    },
  )

  test.each([
    "redis.call('gett', KEYS[1])",
    "redis.call('get', KEYS[2])",
    "redis.call('g\\101t', KEYS[1])",
    "redis.call('get', KEYS[1]",
    "redis.call('et', KEYS[1])",
  ])('a different script is not recognised: return %s', (text) => {
    expect(called()('EVAL', `return ${text}`, '0')).toBeUndefined()
  })
})
