// Every week has a pair of doctors. Each of them leaves, with the other one as deputy, twice a week and about the same time.
import { defineClient } from 'chaosproxy'

export default defineClient({
  functions: ['read', 'write'],
  open: ({ host, port }) => ({
    async invoke({ f, value }, signal) {
      const pair = `week${f === 'read' ? 0 : value >> 2}`
      const [name, deputy] = value % 2 === 0 ? [`${pair}a`, `${pair}b`] : [`${pair}b`, `${pair}a`]
      const url = `http://${host}:${port}/doctors/${name}`
      const headers = { 'content-type': 'application/json' }
      const left = { method: 'POST', headers, body: JSON.stringify({ deputy }), signal }
      const response = f === 'read' ? await fetch(url, { signal }) : await fetch(`${url}/leave`, left)
      if (!response.ok) throw new Error(`HTTP ${response.status}`)
      const { on_call } = await response.json()
      return f === 'read' ? on_call : undefined
    },
  }),
})
