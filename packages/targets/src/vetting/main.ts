import { loadProtocol } from '../protocol-file.ts'
import { vetOnThread } from '../user-file/vet-on-thread.ts'

// A user's protocol file, loaded for the first time, on a thread that may come to any end. See `vetProtocol`.

await vetOnThread(async (path) => {
  const { create, bugs } = await loadProtocol(path)
  for (const bug of [undefined, ...bugs.map(({ name }) => name)]) create({ bug, knobs: {} })
})
