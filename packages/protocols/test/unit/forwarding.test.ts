import { describe, expect, test } from 'vitest'
import { createForwarding, issueTicket, takeTicket } from '../../src/routing/forwarding.ts'

describe('a request forwarded by a node', () => {
  test('a request forwarded by a node is accepted only once', () => {
    const sender = createForwarding(1)
    const receiver = createForwarding(2)
    const [first, second] = [issueTicket(sender), issueTicket(sender)]
    expect(takeTicket(receiver, 'n1', first)).toBe(true)
    expect(takeTicket(receiver, 'n1', first)).toBe(false)
    expect(takeTicket(receiver, 'n1', second)).toBe(true)
    expect(takeTicket(receiver, 'n1', first)).toBe(false)
  })

  test('a forwarded request is distinguished from a request of another node with the same ticket', () => {
    const receiver = createForwarding(9)
    expect(takeTicket(receiver, 'n1', issueTicket(createForwarding(1)))).toBe(true)
    expect(takeTicket(receiver, 'n2', issueTicket(createForwarding(1)))).toBe(true)
  })

  test('a forwarded request is refused as a duplicate even if its sender has restarted and forwarded other requests', () => {
    const receiver = createForwarding(9)
    const before = issueTicket(createForwarding(1))
    const restarted = createForwarding(2)
    expect(takeTicket(receiver, 'n1', before)).toBe(true)
    expect(takeTicket(receiver, 'n1', issueTicket(restarted))).toBe(true)
    expect(takeTicket(receiver, 'n1', before)).toBe(false)
    expect(takeTicket(receiver, 'n1', issueTicket(restarted))).toBe(true)
  })
})
