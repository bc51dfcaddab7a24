import type { ApiReply } from '../server/api.ts'

export const json = (status: number, value: unknown, headers: ApiReply['headers'] = {}): ApiReply => ({
  status,
  headers: { 'Content-Type': 'application/json', ...headers },
  body: `${JSON.stringify(value)}\n`,
})

export const noContent: ApiReply = { status: 204 }
