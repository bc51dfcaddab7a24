import { createHash } from 'node:crypto'
import type { Json } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { type Interpretation, UNSAID } from '../../../src/record/call.ts'
import { analyse } from '../../../src/redis/analyse.ts'
import { completionsOf } from '../../../src/redis/command-reader.ts'
import { KeySpace } from '../../../src/redis/key-space.ts'
import { parseRespSettings } from '../../../src/redis/resp-settings.ts'

interface Declared {
  readonly script?: string
  readonly as: string | readonly string[]
  readonly answers?: readonly (string | number)[]
}

const SCRIPT = 'it does something'

/** Returns what is recorded of `EVAL script 2 k l 5 6`; undefined if the script is not recognised. */
function recognised({ script = SCRIPT, ...rest }: Declared, words = ['EVAL', `-- ${SCRIPT}`, '2', 'k', 'l', '5', '6']) {
  const { commands } = parseRespSettings({ declare: [{ script, ...rest }] }, '--as')
  const analysed = analyse(words[0] ?? '', words, { commands, keySpace: new KeySpace(), database: '0' })
  return analysed.recognised
}

const callsOf = (declared: Declared): readonly string[] | undefined =>
  recognised(declared)?.parts.map(
    ({ call: { f, key, value } }) => `${f} ${String(key)}=${value === UNSAID ? '?' : JSON.stringify(value)}`,
  )

/** Returns how the operations of a declared script end with this reply. */
function ends(declared: Declared, answer: Json): readonly string[] {
  const found = recognised(declared)
  if (found === undefined) throw new Error('it is not followed')
  const made = completionsOf(found, answer)
  const all: readonly Interpretation[] = 'type' in made ? [made] : made
  return all.map((each) =>
    'value' in each ? `ok ${JSON.stringify(each.value)}` : `${each.type} ${'error' in each ? each.error : ''}`,
  )
}

describe('a declared script', () => {
  test('a declared script is recorded as the operations of its declared commands, with the given keys and values', () => {
    expect(callsOf({ as: 'INCRBY KEYS[1] ARGV[2]' })).toEqual(['cas k=?'])
    expect(callsOf({ as: ['SET KEYS[2] ARGV[1]', 'get KEYS[1]'] })).toEqual(['write l="5"', 'read k=null'])
    expect(callsOf({ as: ['TYPE KEYS[1]', 'SET KEYS[1] fixed'] })).toEqual(['write k="fixed"'])
  })

  test.each<readonly [string, Declared['as']]>([
    ['it has a key or value that was not given', 'SET KEYS[3] ARGV[1]'],
    ['it has a value that was not given', 'SET KEYS[1] ARGV[3]'],
    ['one of its commands is not recorded', ['SET KEYS[1] 1', 'LPUSH KEYS[2] 1']],
    ['one of its commands deletes every key', ['SET KEYS[1] 1', 'FLUSHALL']],
    ['it changes nothing', 'TYPE KEYS[1]'],
  ])('the operations of a declared script are not recorded if %s', (_, as) => {
    expect(callsOf({ as })).toBeUndefined()
  })

  test('a script that is declared by its SHA-1 is recognised by its SHA-1 in any letter case, and by its text', () => {
    const sha = createHash('sha1').update('return 1').digest('hex')
    const by = (script: string, words: string[]) =>
      recognised({ script, as: 'SET KEYS[1] 1' }, words)?.parts.map(({ call }) => call.key)
    expect(by(sha, ['EVALSHA', sha.toUpperCase(), '1', 'k'])).toEqual(['k'])
    expect(by(sha.toUpperCase(), ['EVAL', 'return 1', '1', 'k'])).toEqual(['k'])
    expect(by(sha, ['EVAL', 'return 2', '1', 'k'])).toBeUndefined()
    expect(by(sha.slice(1), ['EVALSHA', sha, '1', 'k'])).toBeUndefined()
  })

  test.each<readonly [Declared, Json, readonly string[]]>([
    [{ as: 'INCRBY KEYS[1] 2' }, 7, ['ok ["5","7"]']],
    [{ as: 'INCRBY KEYS[1] 2', answers: [1] }, [0, 7], ['ok ["5","7"]']],
    [{ as: ['SET KEYS[1] 1', 'GET KEYS[2]'] }, ['OK', 'v'], ['ok "1"', 'ok "v"']],
    [{ as: ['SET KEYS[1] 1', 'GET KEYS[2]'], answers: [1, 0] }, ['v', 'OK'], ['ok "1"', 'ok "v"']],
    [
      { as: ['SET KEYS[1] 1', 'GET KEYS[2]'], answers: ['untold', 'whole'] },
      'v',
      ['info the script does not return its outcome', 'ok "v"'],
    ],
    [{ as: ['SET KEYS[1] 1', 'GET KEYS[2]'] }, ['OK'], ['ok "1"', 'ok null']],
    [
      { as: ['SET KEYS[1] 1', 'GET KEYS[2]'] },
      'OK',
      ['info the script does not return its outcome', 'info the script does not return its outcome'],
    ],
    [{ as: ['SET KEYS[1] 1', 'GET KEYS[2]'] }, ['OK', { error: 'ERR no' }], ['ok "1"', 'info ERR no']],
    [{ as: ['GET KEYS[1]', 'MGET KEYS[1] KEYS[2]'] }, ['a', ['b', 'c']], ['ok "a"', 'ok "b"', 'ok "c"']],
    // A script may have done a part of its commands before the error.
    [{ as: 'SET KEYS[1] 1' }, { error: 'ERR no' }, ['info ERR no']],
  ])('a declared script with the commands %j gets their outcomes from the reply %j', (declared, answer, expected) => {
    expect(ends(declared, answer)).toEqual(expected)
  })

  test('a time to live that a declared script sets counts only if the reply confirms it', () => {
    const lifetimes = (declared: Declared) => recognised(declared)?.lifetimes ?? []
    const [one] = lifetimes({ as: ['SET KEYS[1] 1 EX 3', 'GET KEYS[2]'] })
    expect(one).toMatchObject({ key: 'k', afterMs: 3000 })
    expect([['OK', null], [null, null], null].map((answer) => one?.isSet(answer))).toEqual([true, false, undefined])
    const [other] = lifetimes({ as: ['INCR KEYS[1]', 'EXPIRE KEYS[1] ARGV[1]'], answers: ['whole', 'untold'] })
    expect(other).toMatchObject({ key: 'k', afterMs: 5000 })
    expect(other?.isSet(1)).toBeUndefined()
  })

  test('a declared script may return the remaining time to live of a key', () => {
    const left = (answer: Json) => {
      const [lifetime] = recognised({ as: ['INCR KEYS[1]', 'PTTL KEYS[1]'] })?.lifetimes ?? []
      return [lifetime?.key, lifetime?.left?.(answer), lifetime?.isSet(answer)]
    }
    expect(left([1, 500])).toEqual(['k', 500, true])
    expect(left([1, 0])).toEqual(['k', 0, true])
    expect(left([1, -1])).toEqual(['k', undefined, false])
    expect(left([1])).toEqual(['k', undefined, false])
    const untold: Declared = { as: ['INCR KEYS[1]', 'PTTL KEYS[1]'], answers: ['whole', 'untold'] }
    expect(recognised(untold)?.lifetimes).toEqual([])
  })

  test('a declared RENAME marks the overwritten key as possibly changed, and deletes the renamed key', () => {
    expect(recognised({ as: ['RENAME KEYS[1] KEYS[2]', 'GET KEYS[1]'] })).toMatchObject({
      touches: { keys: ['l'], why: 'a declared script may change the key' },
      deletes: ['k'],
    })
    expect(recognised({ as: 'SET KEYS[1] 1' })).toMatchObject({ touches: undefined, deletes: [] })
  })
})

describe('the settings of a Redis', () => {
  test('the Redis settings default to registers, unknown initial values, and no assumption about scripts or WAIT', () => {
    expect(parseRespSettings({}, '--as')).toMatchObject({ client: undefined, initial: 'unknown' })
    expect(parseRespSettings({}, '--as').commands).toMatchObject({
      ...{ model: 'register', scriptsKeepToKeys: false, isConfirmedByWait: false },
    })
  })

  test('the Redis settings can give the model, the effect of scripts and WAIT, and the initial values', () => {
    const given = { commands: 'counter', scripts: 'keys', wait: 'confirms', initial: 'read' }
    const { commands, initial } = parseRespSettings(given, '--as')
    expect(commands).toMatchObject({ model: 'counter', scriptsKeepToKeys: true, isConfirmedByWait: true })
    expect(initial).toBe('read')
    expect(parseRespSettings({ initial: { value: 7 } }, '--as').initial).toEqual({ value: 7 })
    expect(parseRespSettings({ initial: 'unknown' }, '--as').initial).toBe('unknown')
    const { scriptsKeepToKeys, isConfirmedByWait } = parseRespSettings(
      { scripts: 'anything', wait: 'nothing' },
      '',
    ).commands
    expect([scriptsKeepToKeys, isConfirmedByWait]).toEqual([false, false])
  })

  const script = { script: 'text', as: 'GET KEYS[1]' }
  test.each<readonly [object, string]>([
    [{ key: 1 }, '--as: unknown member "key". Known: commands, cas, declare, scripts, wait, client, initial.'],
    [{ cas: '' }, '--as: "cas" is "". Give the source'],
    [{ cas: 7 }, '--as: "cas" is 7. Give the source'],
    [{ scripts: 'none' }, '--as: "scripts" is "none". Give "keys"'],
    [{ wait: true }, '--as: "wait" is true. Give "confirms"'],
    [{ commands: 'registers' }, '--as: "commands" is "registers". Known: register, counter'],
    [{ commands: 7 }, '--as: "commands" is 7. Known: register'],
    [{ initial: null }, '--as: "initial" is null. Give "unknown"'],
    [{ initial: { value: 1, more: 2 } }, 'Give "unknown", "read", or {"value": null}'],
    [{ declare: script }, '"declare" is not a list. Write [{"script"'],
    [{ declare: ['text'] }, '"declare" has "text", which is not a script'],
    [{ declare: [null] }, '"declare" has null, which is not a script'],
    [
      { declare: [{ ...script, is: 'x' }] },
      'has a script with the unknown member "is": the members are "script", "as" and "answers"',
    ],
    [{ declare: [{ ...script, script: '' }] }, 'has an entry whose "script" is missing, empty or not a string'],
    [{ declare: [{ as: 'GET KEYS[1]' }] }, 'has an entry whose "script" is missing, empty or not a string'],
    [{ declare: [{ ...script, answers: [] }] }, 'has a script with 1 command in "as" but 0 answers in "answers"'],
    [
      { declare: [{ ...script, as: [script.as, script.as], answers: [0] }] },
      'has a script with 2 commands in "as" but 1 answer in "answers": give one answer for each command',
    ],
    [{ declare: [{ ...script, as: '' }] }, 'has "" as a command: it has no command'],
    [{ declare: [{ ...script, as: 'KEYS[1] GET' }] }, 'it has no command'],
    [{ declare: [{ ...script, as: 'GET KEYS[0]' }] }, 'KEYS[0] is not a place: write KEYS[1] or ARGV[1]'],
    [{ declare: [{ ...script, as: 'GET KEY[1]' }] }, 'KEY[1] is not a place'],
    [{ declare: [{ ...script, as: 7 }] }, 'has 7 as a command'],
    [
      { declare: [{ ...script, answers: [-1] }] },
      'has -1 among "answers": for each command, give the position of its result in the script\'s answer (0, 1, …), "whole" (the whole answer) or "untold" (not in the answer)',
    ],
    [{ declare: [{ ...script, answers: ['all'] }] }, 'has "all" among "answers"'],
    [{ declare: [{ ...script, answers: [0.5] }] }, 'has 0.5 among "answers"'],
  ])('refuse %j', (given, message) => {
    expect(() => parseRespSettings({ ...given }, '--as')).toThrow(message)
  })

  test('the Redis settings can declare a compare-and-set script', () => {
    const { commands } = parseRespSettings({ cas: 'return cas' }, '--as')
    const words = ['EVAL', 'return cas', '1', 'k', 'a', 'b']
    const analysed = analyse('EVAL', words, { commands, keySpace: new KeySpace(), database: '0' })
    expect(analysed).toMatchObject({ recognised: { parts: [{ call: { f: 'cas', key: 'k', value: ['a', 'b'] } }] } })
  })
})
