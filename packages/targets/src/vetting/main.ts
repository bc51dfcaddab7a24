import { loadProtocol } from '../protocol-file.ts'
import { vetOnThread } from '../user-file/vet-on-thread.ts'

// Loads a user's protocol file for the first time, on a thread that it may crash or block. See `vetProtocol`.

await vetOnThread(async (path) => {
  const { create, bugs } = await loadProtocol(path)
  for (const bug of [undefined, ...bugs.map(({ name }) => name)]) create({ bug, knobs: {} })
})
