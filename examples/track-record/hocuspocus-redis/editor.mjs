import { Database } from '@hocuspocus/extension-database'
import { Redis } from '@hocuspocus/extension-redis'
import { Hocuspocus } from '@hocuspocus/server'
import { Redis as Client } from 'ioredis'
import * as Y from 'yjs'

/** An instance of Hocuspocus that syncs with others over Redis. `storage` is the database in which documents are kept. */
export function open({ host, port, storage, isCured, options = {} }) {
  const redis = () => new Client({ host, port }).on('error', () => {})
  const server = new Hocuspocus({
    quiet: true,
    extensions: [
      new Redis({ createClient: redis, ...options }),
      new Database({
        fetch: ({ documentName }) => storage.load(documentName),
        async store({ documentName, state }) {
          // The cure, second half: merges the state with what another instance has stored meanwhile.
          const stored = isCured ? await storage.load(documentName) : null
          await storage.save(documentName, stored ? Y.mergeUpdates([stored, state]) : state)
        },
      }),
    ],
  })
  if (isCured) storeOnceMore(server)
  return {
    /** Adds one line to a document, as https://tiptap.dev/docs/hocuspocus/server/methods describes it. */
    async edit(name, line) {
      const connection = await server.openDirectConnection(name)
      await connection.transact((document) => document.getArray('lines').push([line]))
      await connection.disconnect()
    },
  }
}

/** A database that needs 30 ms for each write. It is stored in Redis, under other keys than those of Hocuspocus. */
export const storageIn = (client) => ({
  load: (name) => client.getBuffer(`stored:${name}`),
  async save(name, state) {
    const kept = Buffer.from(state)
    await new Promise((resolve) => setTimeout(resolve, 30))
    await client.set(`stored:${name}`, kept)
  },
})

/** Returns the number of lines in the stored state of a document. */
export function lines(state) {
  const document = new Y.Doc()
  if (state) Y.applyUpdate(document, state)
  return document.getArray('lines').length
}

/** The cure, first half: an instance that finds the lock taken tries to store again until it gets the lock. */
function storeOnceMore(server) {
  const { onStoreDocument } = server.configuration.extensions[0]
  server.configuration.extensions[0].onStoreDocument = async function (payload) {
    for (;;)
      try {
        return await onStoreDocument.call(this, payload)
      } catch (error) {
        if (error.message !== 'Another instance is already storing this document') throw error
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
  }
}
