use super::*;

const KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

fn sources(file: &str, variables: &[(&str, &str)], flags: &[(&str, &str)]) -> Sources {
    let pairs = |list: &[(&str, &str)]| {
        list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    Sources {
        file: Some(("masar.toml".into(), file.into())),
        variables: pairs(variables),
        flags: pairs(flags),
    }
}

#[test]
fn later_sources_win_and_say_so() {
    let file = "[server]\nlisten = \"127.0.0.1:1\"\n[limits]\nqueue = 5\nbody = \"64KiB\"\n[http]\nallow_private = [\"10.0.0.0/8\", \"crm.local\"]";
    let config = Config::load(&sources(
        file,
        &[("MASAR_SERVER_LISTEN", "127.0.0.1:2"), ("MASAR_SECRETS_MASTER_KEY", KEY)],
        &[("server.listen", "127.0.0.1:3")],
    ))
    .unwrap();
    assert_eq!(
        (config.server.listen.as_str(), config.limits.queue, config.limits.body),
        ("127.0.0.1:3", 5, 65536)
    );
    assert_eq!(config.http.allow_private, ["10.0.0.0/8", "crm.local"]);
    let table = config.table();
    assert!(table.contains(&("server.listen", "127.0.0.1:3".into(), "flag".into())));
    assert!(table.contains(&("limits.queue", "5".into(), "masar.toml".into())));
    assert!(table.contains(&("secrets.master_key", "•••".into(), "MASAR_SECRETS_MASTER_KEY".into())));
}

#[test]
fn a_syntax_error_names_the_line_and_does_not_quote_it() {
    let errors = Config::load(&sources("[secrets]\nmaster_key = hunter2-secret\n", &[], &[])).unwrap_err();
    let text = errors[0].to_string();
    assert!(text.starts_with("masar.toml: line 2: ") && !text.contains("hunter2"), "{text}");
}

#[test]
fn every_fault_is_named_at_once() {
    let file = "[server]\nlisen = \"x\"\n[limits]\nqueue = \"many\"\n[workspace]\ntime_zone = \"Asia/Riyad\"";
    let errors = Config::load(&sources(
        file,
        &[("MASAR_LOG_LEVLE", "debug"), ("MASAR_EXECUTE_STOP_GRACE", "soon")],
        &[],
    ))
    .unwrap_err();
    let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(
        texts,
        [
            "masar.toml: server.lisen: there is no such setting; did you mean server.listen?",
            "environment: MASAR_LOG_LEVLE: there is no such setting; did you mean MASAR_LOG_LEVEL?",
            "masar.toml: limits.queue: \"many\" is not possible; give a whole number from 1 to 10000000; or remove it for the default, 10000",
            "MASAR_EXECUTE_STOP_GRACE: execute.stop_grace: \"soon\" is not possible; give a time such as 500ms, 30s, 5m, 2h or 7d (more than 0, up to 3650d); or remove it for the default, 10s",
            "masar.toml: workspace.time_zone: \"Asia/Riyad\" is not possible; give an IANA time zone such as Asia/Riyadh; or remove it for the default, Asia/Riyadh",
        ]
    );
}

/// Key, value, and a part of what is said about it.
const NONSENSE: &[(&str, &str, &str)] = &[
    ("data.folder", "", "it is empty; give a folder such as ./data"),
    ("server.listen", "", "it is empty; give an address and a port"),
    ("server.listen", "8080", "\"8080\" is not possible; give an address and a port"),
    ("server.listen", ":8080", "127.0.0.1:8080"),
    ("server.listen", "127.0.0.300:80", "127.0.0.1:8080"),
    ("server.listen", "127.0.0.1:70000", "127.0.0.1:8080"),
    ("server.listen", "http://127.0.0.1:8080", "127.0.0.1:8080"),
    ("server.public_url", "masar.example.com", "https://"),
    ("log.level", "loud", "\"loud\" is not possible; give error, warn, info"),
    ("log.level", "masar_runtime=loud", "give error, warn, info"),
    ("log.level", "", "it is empty"),
    ("limits.body", "0", "(up to 1GiB)"),
    ("limits.body", "-1", "64KiB"),
    ("limits.depth", "500", "from 1 to 127"),
    ("limits.queue", "", "it is empty; give a whole number from 1"),
    ("limits.dedup_window", "0s", "more than 0"),
    ("execute.workers", " ", "it is empty; give a whole number from 1"),
    ("execute.step_timeout", "0s", "more than 0"),
    ("execute.stop_grace", "0ms", "more than 0"),
    ("execute.step_timeout", "99999999999d", "up to 3650d"),
    ("retention.days", "4294967296", "from 0 to 36500"),
    ("http.allow_private", "10.0.0.0/40", "\"10.0.0.0/40\" is not a host or a network"),
    ("http.allow_private", "crm.local, 10.0.0.300", "\"10.0.0.300\" is not a host or a network"),
    ("http.allow_private", "http://crm.local", "is not a host or a network"),
    ("secrets.master_key", "hunter2-hunter2", "`openssl rand -base64 32` makes one"),
    ("secrets.master_key", "c2hvcnQ=", "`openssl rand -base64 32` makes one"),
];

#[test]
fn nonsense_is_refused_wherever_it_comes_from() {
    for (key, value, said) in NONSENSE {
        let setting = SETTINGS.iter().find(|setting| setting.key == *key).unwrap();
        let variable = setting.variable();
        let (section, name) = key.split_once('.').unwrap();
        let file = format!("[{section}]\n{name} = {value:?}");
        for (source, given) in [
            ("masar.toml", sources(&file, &[], &[])),
            (variable.as_str(), sources("", &[(&variable, value)], &[])),
            ("flag", sources("", &[], &[(key, value)])),
        ] {
            let errors = Config::load(&given).expect_err(&format!("{key} = {value:?} from {source}"));
            let text = errors[0].to_string();
            assert!(text.starts_with(&format!("{source}: {key}: ")) && text.contains(said), "{text}");
            assert!(text.contains("; or remove it"), "how to mend it: {text}");
            assert!(!setting.secret || !text.contains(value), "a secret is quoted: {text}");
        }
    }
}

#[test]
fn all_nonsense_is_told_at_once_and_a_misspelt_section_too() {
    let mut flags: BTreeMap<&str, &str> = BTreeMap::new();
    flags.extend(NONSENSE.iter().map(|(key, value, _)| (*key, *value)));
    let flags: Vec<(&str, &str)> = flags.into_iter().collect();
    let errors = Config::load(&sources("[limts]", &[], &flags)).unwrap_err();
    assert_eq!(errors.len(), flags.len() + 1, "{errors:#?}");
    assert_eq!(errors[0].key, "limts");
}

#[test]
fn what_makes_sense_passes() {
    for (key, value) in [
        ("server.listen", "[::1]:0"),
        ("server.listen", "localhost:8080"),
        ("server.public_url", "https://masar.example.com/"),
        ("log.level", "warn,masar_runtime=debug"),
        ("log.level", "OFF"),
        ("log.level", "[run{workflow=5}]=trace"),
        ("http.allow_private", "10.1.2.3, 10.0.0.0/8,fd00::/8 , crm.local:8443, *.example.com, [::1]"),
        ("schedule.missed_window", "0s"),
        ("retention.days", "0"),
        ("secrets.master_key", KEY),
    ] {
        let loaded = Config::load(&sources("", &[], &[(key, value)]));
        assert!(loaded.is_ok(), "{key} = {value}: {loaded:?}");
    }
}
