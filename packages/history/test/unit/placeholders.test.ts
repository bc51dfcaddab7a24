import { fillPlaceholders, literally } from '@chaosproxy/history'
import { expect, test } from 'vitest'

test('a text escaped by literally is unchanged by fillPlaceholders', () => {
  for (const text of ['/srv/{node}/server.ts', '{peer.n1}', '{"a":{port}}', 'no braces', '{ }'])
    expect(fillPlaceholders(literally(text), { node: 'n1', port: 1 })).toBe(text)
})
