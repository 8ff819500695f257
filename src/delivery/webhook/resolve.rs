//! Looks up the addresses of a host, with only so many questions open at once.

use std::{
    collections::HashMap,
    io,
    net::{IpAddr, ToSocketAddrs as _},
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use tokio::{sync::Semaphore, task::spawn_blocking};

/// How many names are looked up at once. Each holds a thread of the runtime until the system has given up on a name
/// server that is dead, however soon the asker does, and on these threads the store reads and files are served.
const AT_ONCE: usize = 8;

/// How many of them for one name: if its servers are dead, the others must still be asked for.
const OF_ONE_NAME: usize = 2;

/// Where the addresses of a host come from.
#[async_trait]
pub trait Resolve: Send + Sync {
    /// Every address of `host`, in the order in which to try them.
    ///
    /// # Errors
    ///
    /// When it cannot be looked up.
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// The resolver of the machine: its hosts file, its name servers, in its order. Clones share their limits.
#[derive(Clone, Debug)]
pub struct SystemResolver {
    all: Arc<Semaphore>,
    by_name: Arc<Mutex<HashMap<String, Arc<Semaphore>>>>,
}

impl Default for SystemResolver {
    fn default() -> Self {
        Self { all: Arc::new(Semaphore::new(AT_ONCE)), by_name: Arc::default() }
    }
}

#[async_trait]
impl Resolve for SystemResolver {
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        if let Ok(address) = host.parse() {
            return Ok(vec![address]);
        }
        let name = host.to_owned();
        let look_up =
            move || (name.as_str(), 0).to_socket_addrs().map(|found| found.map(|one| one.ip()).collect());
        self.on_thread(host, look_up).await
    }
}

impl SystemResolver {
    /// Runs `look_up` when it is its turn. The thread owns the permits: a look-up that outlives its asker still counts.
    async fn on_thread<T: Send + 'static>(
        &self,
        host: &str,
        look_up: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        // in this order: who waits for its own name must not take the place of another
        let of_name = self.of_name(host).acquire_owned().await.map_err(io::Error::other)?;
        let of_all = Arc::clone(&self.all).acquire_owned().await.map_err(io::Error::other)?;
        let looking = spawn_blocking(move || {
            let found = look_up();
            drop((of_name, of_all));
            found
        });
        looking.await.map_err(io::Error::other)?
    }

    fn of_name(&self, host: &str) -> Arc<Semaphore> {
        let mut by_name = self.by_name.lock().unwrap_or_else(PoisonError::into_inner);
        // whoever looks one up or waits to holds a share of its semaphore
        by_name.retain(|_, turns| Arc::strong_count(turns) > 1);
        Arc::clone(by_name.entry(host.to_owned()).or_insert_with(|| Arc::new(Semaphore::new(OF_ONE_NAME))))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use tokio::{sync::mpsc::unbounded_channel, task::JoinSet};

    use super::*;

    /// Asks for `names`, none of which is answered before what is returned is dropped, and waits until `begun` of
    /// them are under way.
    async fn hang(
        resolver: &SystemResolver,
        names: impl Iterator<Item = String>,
        begun: usize,
    ) -> (JoinSet<io::Result<()>>, Vec<mpsc::Sender<()>>) {
        let (began, mut beginnings) = unbounded_channel();
        let (mut askers, mut ends) = (JoinSet::new(), Vec::new());
        for name in names {
            let (end, ended) = mpsc::channel::<()>();
            ends.push(end);
            let (resolver, began) = (resolver.clone(), began.clone());
            askers.spawn(async move {
                let look_up = move || {
                    let _ = began.send(());
                    let _ = ended.recv();
                    Ok(())
                };
                resolver.on_thread(&name, look_up).await
            });
        }
        for _ in 0..begun {
            beginnings.recv().await.unwrap();
        }
        (askers, ends)
    }

    #[tokio::test]
    async fn look_ups_that_nobody_answers_count_until_their_threads_are_free() {
        let resolver = SystemResolver::default();
        let names = (0..96).map(|number| format!("dead{number}.example"));
        let (mut askers, ends) = hang(&resolver, names, AT_ONCE).await;
        // every one of them gives up
        askers.shutdown().await;
        assert_eq!(resolver.all.available_permits(), 0, "the threads still wait");
        drop(ends);
        // a thread gives its name back before its place
        drop(resolver.all.acquire_many(u32::try_from(AT_ONCE).unwrap()).await.unwrap());
        assert_eq!(resolver.on_thread("live.example", || Ok(1)).await.unwrap(), 1);
        assert_eq!(resolver.by_name.lock().unwrap().len(), 1, "what is done is forgotten");
    }

    #[tokio::test]
    async fn a_name_that_nobody_answers_for_leaves_room_for_others() {
        let resolver = SystemResolver::default();
        let names = std::iter::repeat_n("dead.example".to_owned(), 96);
        let (_askers, _ends) = hang(&resolver, names, OF_ONE_NAME).await;
        assert_eq!(resolver.on_thread("live.example", || Ok(1)).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn an_address_is_its_own_and_a_name_is_looked_up() {
        let resolver = SystemResolver::default();
        assert_eq!(resolver.resolve("::1").await.unwrap(), ["::1".parse::<IpAddr>().unwrap()]);
        assert!(resolver.resolve("localhost").await.unwrap().iter().all(IpAddr::is_loopback));
        assert!(resolver.resolve("no such name").await.is_err());
    }
}
