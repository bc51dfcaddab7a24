// The actions of a user with one browser: log in, log out, and ask who is logged in.
const workload = {
  name: 'visits',
  summary: 'logins and logouts of one browser',
  model: {
    name: 'session',
    summary: 'nobody is logged in after a logout',
    functions: ['login', 'logout', 'read'],
    reads: ['read'],
    initial: null,
    apply: (user, { f, value }) => (f === 'read' ? [user, user] : f === 'login' ? [value, value] : [null, true]),
    key: String,
  },
  initial: null,
  functions: ['login', 'logout', 'read'],
  settings: [],
  create: () => ({
    client: (random) => ({
      next: () => {
        const drawn = random.integer(4)
        if (drawn === 0) return { f: 'login', value: 1 + random.integer(1000) }
        if (drawn === 1) return { f: 'logout', value: true }
        return { f: 'read', value: null }
      },
    }),
  }),
}

// biome-ignore lint/style/noDefaultExport: a workload is a default export
export default workload
