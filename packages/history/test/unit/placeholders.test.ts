import { fillPlaceholders, literally } from '@chaosproxy/history'
import { expect, test } from 'vitest'

test('fillPlaceholders restores every text that the function "literally" escapes', () => {
  for (const text of ['/srv/{node}/server.ts', '{peer.n1}', '{"a":{port}}', 'no braces', '{ }'])
    expect(fillPlaceholders(literally(text), { node: 'n1', port: 1 })).toBe(text)
})
