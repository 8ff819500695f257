//! API keys.

use std::time::Duration;

use reportwire::{
    report::{KeyId, Scope, Scopes},
    store::{NewKey, StoreError},
};

use super::{World, assert_refused};

fn key(hash: u8) -> NewKey {
    NewKey {
        hash: [hash; 32],
        owner: "acme".parse().unwrap(),
        scopes: Scopes::from_iter([Scope::Read]),
        expires_at: None,
    }
}

pub(crate) async fn a_key_is_found_by_its_hash(world: World) {
    let expires_at = Some(world.stored(Duration::from_secs(60)));
    let kept = world.store.create_key(NewKey { expires_at, ..key(7) }).await.unwrap();
    assert_eq!((kept.owner.name(), kept.scopes), ("acme", Scopes::from_iter([Scope::Read])));
    assert_eq!((kept.expires_at, kept.revoked_at), (expires_at, None));
    assert_eq!(kept.created_at, world.stored(Duration::ZERO));
    assert_eq!(world.store.key_of([7; 32]).await.unwrap(), Some(kept));
    assert_eq!(world.store.key_of([8; 32]).await.unwrap(), None);
}

pub(crate) async fn a_hash_is_not_used_twice(world: World) {
    world.store.create_key(key(7)).await.unwrap();
    assert_refused!(world.store.create_key(key(7)).await, StoreError::Engine(_));
}

pub(crate) async fn a_revoked_key_stays_known_and_revoked(world: World) {
    let (first, second) =
        (world.store.create_key(key(1)).await.unwrap(), world.store.create_key(key(2)).await.unwrap());
    let revoked = world.store.revoke_key(first.id).await.unwrap();
    assert_eq!(revoked.revoked_at, Some(world.stored(Duration::ZERO)));
    world.pass(Duration::from_secs(5));
    assert_eq!(world.store.revoke_key(first.id).await.unwrap(), revoked, "the first time counts");
    assert_eq!(world.store.key_of([1; 32]).await.unwrap(), Some(revoked.clone()));
    assert_eq!(world.store.keys().await.unwrap(), [revoked, second]);
    assert_refused!(world.store.revoke_key(KeyId::generate()).await, StoreError::NotFound);
}

pub(crate) async fn a_key_may_allow_nothing(world: World) {
    let kept = world.store.create_key(NewKey { scopes: Scopes::default(), ..key(3) }).await.unwrap();
    assert_eq!(world.store.key_of([3; 32]).await.unwrap().unwrap().scopes, kept.scopes);
}
