import type { Json } from '@chaosproxy/history'
import { interpretEither, interpretOneOr } from './answers.ts'
import { amountOf, cas, several } from './command-reader.ts'
import { type KnownScript, oneOperation, RELEASE } from './scripts.ts'

// Scripts of the npm package redlock, version 5. A client's script matches if its Lua tokens are equal.

const SET_ALL = `
for i, key in ipairs(KEYS) do redis.call("set", key, ARGV[1], "PX", ARGV[2]) end
return #KEYS`

/** `EVAL source n k… token milliseconds` returns the number of keys, or 0 if any key exists. */
export const REDLOCK_ACQUIRE: string = `
for i, key in ipairs(KEYS) do if redis.call("exists", key) == 1 then return 0 end end${SET_ALL}`

/** Extends the locks in KEYS. Returns the number of these keys, or 0 if any of them has another token. */
export const REDLOCK_EXTEND: string = `
for i, key in ipairs(KEYS) do if redis.call("get", key) ~= ARGV[1] then return 0 end end${SET_ALL}`

export const REDLOCK_RELEASE = `
local count = 0
for i, key in ipairs(KEYS) do
  if redis.call("get", key) == ARGV[1] then
    redis.pcall("del", key)
    count = count + 1
  end
end
return count`

const lasting = (source: string, found: (token: Json) => Json, error: string): KnownScript => ({
  is: { source },
  recognise(keys, [token = null, time = null], names) {
    const afterMs = amountOf(time) ?? 0
    const interpret = interpretEither(keys.length, 0, error)
    const recognised = several(keys.map((key) => cas(names.key(key), [found(token), token], interpret)))
    if (recognised === undefined || afterMs <= 0) return undefined
    const isSet = (answer: Json) => answer === keys.length
    return { ...recognised, lifetimes: keys.map((key) => ({ key: names.key(key), afterMs, isSet })) }
  },
})

const OTHER = 'another token was there'

/** Scripts on locks. A lock is a register with the token as its value. */
export const tokenScripts: readonly KnownScript[] = [
  ...[RELEASE, REDLOCK_RELEASE].map((source) =>
    oneOperation(source, 1, (key, [token = null], names) => cas(names.key(key), [token, null], interpretOneOr(OTHER))),
  ),
  lasting(REDLOCK_ACQUIRE, () => null, 'one of the keys exists'),
  lasting(REDLOCK_EXTEND, (token) => token, OTHER),
]
