// Each key stands for a pair of doctors. In each step, one doctor leaves and the other one is the deputy, or one doctor
// comes back.
import { defineClient } from 'chaosproxy'

export default defineClient({
  functions: ['read', 'write'],
  open: ({ host, port }) => ({
    async invoke({ f, key, value }, signal) {
      const [name, deputy] = value % 2 === 0 ? [`${key}a`, `${key}b`] : [`${key}b`, `${key}a`]
      const url = `http://${host}:${port}/doctors/${name}`
      const headers = { 'content-type': 'application/json' }
      const changed = { method: 'POST', headers, body: JSON.stringify({ deputy }), signal }
      const change = value % 3 === 0 ? 'return' : 'leave'
      const response = f === 'read' ? await fetch(url, { signal }) : await fetch(`${url}/${change}`, changed)
      if (!response.ok) throw new Error(`HTTP ${response.status}`)
      const { on_call } = await response.json()
      return f === 'read' ? on_call : undefined
    },
  }),
})
