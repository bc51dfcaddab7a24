import { readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { commands } from '../../src/commands/registry.ts'
import { UnknownCommand } from '../../src/failures.ts'
import { printReply } from '../../src/reply.ts'
import { execute, redo } from '../../src/server/execute.ts'
import { createSession } from '../../src/session.ts'
import { Store } from '../../src/store.ts'

/** Returns a function that executes a command and returns the reply as the bytes of RESP2. */
function server(): (...words: readonly string[]) => string {
  const [store, session] = [new Store(() => 0.5), createSession(1)]
  return (...words) => {
    execute(store, session, words, 0)
    const text = session.outbox.map((reply) => printReply(reply, session.protocol)).join('')
    session.outbox = []
    return text.trimEnd()
  }
}

const evaluated = (script: string, ...more: readonly string[]): string => server()('EVAL', script, '0', ...more)

const results: readonly (readonly [script: string, reply: string])[] = [
  ['return 3.99', ':3'],
  ['return {1, nil, 3}', '*1\r\n:1'],
  ['return #{1, nil, 3}', ':3'],
  ['return {true, false, {ok = "fine"}}', '*3\r\n:1\r\n$-1\r\n+fine'],
  ['return redis.call("GET", "absent") == false', ':1'],
  ['return redis.pcall("INCR")', '-ERR Wrong number of args calling Redis command from script'],
  [
    'local ok, e = pcall(redis.call, "INCR") return e',
    '$58\r\nERR Wrong number of args calling Redis command from script',
  ],
  ['return {(string.find("key = value", "(%w+) = (%w+)"))}', '*1\r\n:1'],
  ['return {string.find("key = value", "(%w+) = (%w+)")}', '*4\r\n:1\r\n:11\r\n$3\r\nkey\r\n$5\r\nvalue'],
  ['return #"\\195\\169"', ':2'],
  ['return tostring(2 ^ 53) .. " " .. 0.1 + 0.2', '$22\r\n9.007199254741e+15 0.3'],
  ['return cjson.encode(cjson.decode(\'{"a":[1,{"b":null}]}\'))', '$20\r\n{"a":[1,{"b":null}]}'],
  ['return {cmsgpack.unpack(cmsgpack.pack("a", {1, 2}))}', '*2\r\n$1\r\na\r\n*2\r\n:1\r\n:2'],
  ['return redis.sha1hex("")', '$40\r\nda39a3ee5e6b4b0d3255bfef95601890afd80709'],
]

test.each(results)('the Lua script %s replies %j', (script, reply) => {
  expect(evaluated(script)).toBe(reply)
})

test('an error of a Lua script names its line and the SHA-1 of the script', () => {
  expect(evaluated('local t = {}\nlocal function f()\n  return t.x.y\nend\nreturn f()')).toMatch(
    /^-ERR user_script:3: attempt to index field 'x' \(a nil value\) script: [\da-f]{40}, on @user_script:3\.$/,
  )
})

test('scripts can be called by their SHA-1 until SCRIPT FLUSH', () => {
  const ask = server()
  const hash = ask('SCRIPT', 'LOAD', 'return ARGV[1]').split('\r\n')[1] ?? ''
  expect(ask('EVALSHA', hash, '0', 'x')).toBe('$1\r\nx')
  expect(ask('SCRIPT', 'EXISTS', hash, 'absent')).toBe('*2\r\n:1\r\n:0')
  ask('SCRIPT', 'FLUSH')
  expect(ask('EVALSHA', hash, '0')).toBe('-NOSCRIPT No matching script. Please use EVAL.')
})

test('a read-only script cannot write', () => {
  const ask = server()
  expect(ask('EVAL_RO', 'return redis.call("SET", "a", "b")', '0')).toContain('Write commands are not allowed')
  expect(ask('EXISTS', 'a')).toBe(':0')
})

test('a failing script keeps its earlier writes', () => {
  const ask = server()
  ask('EVAL', 'redis.call("SET", KEYS[1], 1) error("no")', '1', 'a')
  expect(ask('GET', 'a')).toBe('$1\r\n1')
})

test('a script in MULTI runs its commands at its place in the transaction', () => {
  const ask = server()
  ask('MULTI')
  ask('SET', 'n', '1')
  ask('EVAL', 'return redis.call("INCR", "n")', '0')
  expect(ask('EXEC')).toBe('*2\r\n+OK\r\n:2')
})

test('every script of BullMQ compiles and uses only simulated commands', () => {
  const folder = join(import.meta.dirname, '../../../../node_modules/bullmq/dist/cjs/scripts')
  const files = readdirSync(folder).filter((name) => name.endsWith('.js') && name !== 'index.js')
  const ask = server()
  for (const file of files) {
    const { content } = Object.values(createRequire(import.meta.url)(join(folder, file)) as object)[0]
    expect(ask('SCRIPT', 'LOAD', content), file).toMatch(/^\$40/)
    for (const [, name = ''] of content.matchAll(/\br?call\(\s*['"](\w+)/g))
      expect([...commands.keys()], file).toContain(name.toUpperCase())
  }
  expect(files.length).toBeGreaterThan(40)
})

test('the Redis journal replays loaded scripts with their random numbers', () => {
  const random = (n: number): number => (n * 0.37) % 1
  const [store, session, copy] = [new Store(random), createSession(1), new Store(random)]
  store.journal = []
  execute(store, session, ['SCRIPT', 'LOAD', 'return redis.call("RPUSH", "l", math.random(1000))'], 0)
  const hash = String(session.outbox.pop())
  for (let i = 0; i < 3; i++) execute(store, session, ['EVALSHA', hash, '0'], i)
  redo(copy, store.journal)
  const items = (at: Store): unknown => at.database(0).value('l', 'list')?.items
  expect(items(copy)).toEqual(items(store))
  expect(new Set(items(copy) as string[]).size).toBe(3)
})

const refused: readonly (readonly [script: string, what: string])[] = [
  ['local x = 1\nreturn struct.pack("i", x)', 'struct.pack, in line 2 of the Lua script'],
  ['return redis.call("PFADD", "a", "b")', 'PFADD, in line 1 of the Lua script'],
  ['while true do end', 'more than 5,000,000 steps, in line 1 of the Lua script'],
  ['pcall(function() while true do end end)', 'more than 5,000,000 steps'],
  ['return tostring({})', 'the text of a table'],
  ['return coroutine.create(print)', "nonexistent global variable 'print'"],
  ...['create', 'resume', 'running', 'status', 'wrap', 'yield'].map(
    (name) => [`return coroutine.${name}(type)`, `coroutine.${name}, in line 1 of the Lua script`] as const,
  ),
  ...['pack', 'unpack', 'size'].map((name) => [`return struct.${name}('i')`, `struct.${name}, in line 1`] as const),
  ...['load', 'loadstring', 'getfenv', 'setfenv', 'newproxy', 'collectgarbage'].map(
    (name) => [`local ok = pcall(${name}, 'return 1') return 1`, `${name}, in line 1 of the Lua script`] as const,
  ),
  ['local function f() return 1 + f() end return f()', 'the Lua script'],
  ['#!lua flags=no-writes\nreturn 1', '#!lua flags=no-writes'],
]

test.each(refused)(
  'the Lua script %j is refused with the name of a missing feature, or fails with its own error',
  (script, what) => {
    const ended = ((): string => {
      try {
        return evaluated(script)
      } catch (error) {
        expect(error).toBeInstanceOf(UnknownCommand)
        return (error as UnknownCommand).what
      }
    })()
    expect(ended).toContain(what)
  },
)
