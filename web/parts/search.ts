// Answers of the box while somebody types: asked when a pause says that the word is whole, the newest question only.
import { useEffect, useState } from 'preact/hooks'
import { fetched, type Refusal } from '../ask'
import { asRefusal } from './act'

const typingMs = 200

interface Answers<T> {
  readonly found: T | undefined
  readonly failed: Refusal | undefined
}

/** @param path of the question; undefined asks nothing and forgets what was found */
export function useAnswers<T>(path: string | undefined): Answers<T> {
  const [found, setFound] = useState<T>()
  const [failed, setFailed] = useState<Refusal>()
  useEffect(() => {
    if (path === undefined) {
      setFound(undefined)
      return
    }
    const stop = new AbortController()
    const wait = setTimeout(() => {
      fetched<T>(path, { signal: stop.signal }).then(
        said => {
          setFailed(undefined)
          setFound(said)
        },
        error => {
          if (!stop.signal.aborted) setFailed(asRefusal(error))
        },
      )
    }, typingMs)
    return () => {
      clearTimeout(wait)
      stop.abort()
    }
  }, [path])
  return { found, failed }
}
