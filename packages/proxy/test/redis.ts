import { RedisInMemory } from '../../recorder/test/redis/redis-in-memory.ts'
import { serve } from '../../testing/src/sockets.ts'

export { command } from '../../recorder/test/redis/redis-in-memory.ts'

/** Serves the in-memory Redis of the recorder's tests on a socket. */
export async function serveResp(answer?: (words: readonly string[]) => string | undefined) {
  const redis = new RedisInMemory(answer)
  const served = await serve((socket) => {
    const connection = redis.connect()
    socket.setEncoding('utf8').on('data', (text: string) => {
      const replies = connection.receive(text)
      if (replies !== '') socket.write(replies)
    })
    socket.on('end', () => socket.end())
  })
  return { ...served, store: redis.store, asked: redis.asked }
}
