import { expect, test } from 'vitest'
import { luaTokens } from '../../src/redis/lua-tokens.ts'

test('the line ends of Windows make no difference', () => {
  const script = 'if a then\n  -- a comment\n  return 1\nend'
  expect(luaTokens(script.replaceAll('\n', '\r\n'))).toEqual(['if', 'a', 'then', 'return', '1', 'end'])
  expect(luaTokens(script.replaceAll('\n', '\r\n'))).toEqual(luaTokens(script))
})

test('a text keeps all that is in it', () => {
  expect(luaTokens(`'a  b' "it's" [[ c ]]`)).toEqual(['"a  b"', `"it's"`, '[[ c ]]'])
})

test.each([`'a" == 'b'`, 'return "', '[==[ ]]', '--[[ ]'])('what does not end cannot be read: %s', (script) => {
  expect(luaTokens(script)).toBeUndefined()
})
