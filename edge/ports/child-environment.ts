// What a process of our own that we start gets to know of the environment.

/** Where programs and temporary files are, and how its own kind of source is loaded; nothing else of ours. */
export function childEnvironment(): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR, NODE_OPTIONS } = process.env
  return { PATH: PATH ?? '/usr/bin:/bin', HOME, TMPDIR, NODE_OPTIONS }
}
