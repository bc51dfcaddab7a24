import { expect } from 'vitest'
import { control } from '../control/control-plane.ts'

// These tests check every claim of Toxiproxy's own api_test.go, and further behaviour on which its users rely.

export const UPSTREAM = '127.0.0.1:1'
export const proxy = (name: string, more: object = {}) => ({ name, listen: '127.0.0.1:0', upstream: UPSTREAM, ...more })

/** Starts a control plane and creates one proxy, `db`, with the settings `more`. */
export async function withProxy(more: object = {}) {
  const asked = await control()
  const created = await asked.ask('POST', '/proxies', proxy('db', more))
  expect(created.status).toBe(201)
  return { ...asked, created: created.json }
}
