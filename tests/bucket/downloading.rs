//! How files come out of a bucket: through the server, or from the bucket itself.

use reqwest::Method;
use tempfile::tempdir;

use crate::{
    bucket::Bucket,
    support::{completed, header, http, link, serve},
};

#[tokio::test]
async fn a_file_in_a_bucket_is_handed_out_through_the_server_whole_and_in_part() {
    let (bucket, folder) = (Bucket::start().await, tempdir().unwrap());
    let server = serve(&folder, &bucket, &[]);
    let report = completed(&server).await;
    let stored = bucket.files();
    assert_eq!(stored.len(), 1, "{stored:?}");
    let id = report["id"].as_str().unwrap();
    assert!(stored.first().unwrap().contains(&format!("-{id}-")), "{stored:?}");
    let whole = http().get(link(&report)).send().await.unwrap();
    assert_eq!(whole.status(), 200);
    assert_eq!(header(&whole, "content-disposition"), "inline; filename=\"coffee-sales-2021-01-01.pdf\"");
    let whole = whole.bytes().await.unwrap();
    assert!(whole.starts_with(b"%PDF-"));
    let part = http().get(link(&report)).header("range", "bytes=5-8").send().await.unwrap();
    assert_eq!(part.status(), 206);
    assert_eq!(header(&part, "content-range"), format!("bytes 5-8/{}", whole.len()));
    assert_eq!(part.bytes().await.unwrap(), whole[5..9]);
    // nothing of it is in the data folder
    assert!(!folder.path().join("data/artifacts").exists());
}

#[tokio::test]
async fn a_redirect_leads_to_the_very_file_with_its_name_and_type() {
    let (bucket, folder) = (Bucket::start().await, tempdir().unwrap());
    let server = serve(&folder, &bucket, &["--downloads", "redirect"]);
    let report = completed(&server).await;
    let mut links = Vec::new();
    for method in [Method::GET, Method::GET, Method::HEAD] {
        let sent = http().request(method.clone(), link(&report)).send().await.unwrap();
        assert_eq!(sent.status(), 302, "{method}");
        assert_eq!(header(&sent, "cache-control"), "no-store");
        assert_eq!(header(&sent, "referrer-policy"), "no-referrer");
        let location = header(&sent, "location").to_owned();
        assert!(location.starts_with(&format!("{}/reports/here/", bucket.origin())), "another place");
        assert!(location.contains("X-Amz-Expires=60&"), "another lifetime");
        crate::watch::secret(location.split_once("X-Amz-Signature=").unwrap().1);
        let file = http().request(method.clone(), &location).send().await.unwrap();
        assert_eq!(file.status(), 200, "{method}");
        assert_eq!(header(&file, "content-type"), "application/pdf");
        assert_eq!(header(&file, "content-disposition"), "inline; filename=\"coffee-sales-2021-01-01.pdf\"");
        if method == Method::GET {
            assert!(file.bytes().await.unwrap().starts_with(b"%PDF-"));
            links.push(location);
        }
    }
    let part = http().get(&links[0]).header("range", "bytes=0-3").send().await.unwrap();
    assert_eq!((part.status().as_u16(), part.bytes().await.unwrap().as_ref()), (206, &b"%PDF"[..]));
    // what is signed is this file and this method, and nothing else
    assert_eq!(http().head(&links[0]).send().await.unwrap().status(), 403);
    let id = report["id"].as_str().unwrap();
    let other = links[0].replace(id, &id.replace(|c: char| c.is_ascii_digit(), "0"));
    assert_eq!(http().get(other).send().await.unwrap().status(), 403);
}

#[tokio::test]
async fn a_redirect_is_given_to_whoever_may_have_the_file_and_does_not_have_it() {
    let (bucket, folder) = (Bucket::start().await, tempdir().unwrap());
    let server = serve(&folder, &bucket, &["--downloads", "redirect"]);
    let report = completed(&server).await;
    let sent = http().get(link(&report)).send().await.unwrap();
    let etag = header(&sent, "etag");
    let kept = http().get(link(&report)).header("if-none-match", etag).send().await.unwrap();
    assert_eq!(kept.status(), 304);
    let forged = link(&report).replace("token=", "token=x");
    let refused = http().get(forged).send().await.unwrap();
    assert!(refused.status().is_client_error(), "{}", refused.status());
    assert_eq!(header(&refused, "location"), "");
    let page = http().get(server.url()).send().await.unwrap();
    let policy = header(&page, "content-security-policy");
    assert!(policy.contains(&format!("connect-src 'self' ws: wss: {};", bucket.origin())), "{policy}");
}
