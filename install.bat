@echo off
rem Installs harness-tracing: from a clone of the repository by building it (needs Node 20 or newer with npm, or Bun),
rem else by downloading a release. Needs no administrator, changes no PATH.
rem
rem   install.bat demo                 play a recorded session, print its trace
rem   install.bat claude [options]     install tracing for Claude Code; other agents likewise
rem   install.bat update               fetch the latest release
rem   install.bat uninstall            remove it again
rem
rem   --version v, --from folder-or-address, --without-signature: as in install.sh, whose beginning also says why a
rem   downloaded program can be trusted. HARNESS_TRACING_VERSION and HARNESS_TRACING_FROM say the same.
setlocal EnableExtensions DisableDelayedExpansion
set "REPOSITORY=Arize-ai/coding-harness-tracing"
set "RELEASES=https://github.com/%REPOSITORY%/releases"
set "PUBLIC_KEY=Jb2cAbS9Fb6Kh4Aa01mllujsvcYtrkDFmERwO71r/cs="
set "SSH_PUBLIC_KEY=AAAAC3NzaC1lZDI1NTE5AAAAICW9nAG0vRW+ioeAGtNZpZbo7L3GLa5AxZhEcDu9a/3L"
set "NAMESPACE=harness-tracing-release"

set "HERE=%~dp0"
set "SCRIPT=%~f0"
set "USERHOME=%USERPROFILE%"
if defined HOME set "USERHOME=%HOME%"
set "ROOT=%USERHOME%\.arize\harness"
set "INSTALLED=%ROOT%\bin\harness-tracing.exe"
set "PREVIOUS=%ROOT%\bin\harness-tracing.previous.exe"
set "DOWNLOADS=%ROOT%\downloads"
set "WORK="
set "LOCK="

rem The line as it was typed: %1 and its like lose every "=" and ",".
set "REST=%*"
set "VERSION=%HARNESS_TRACING_VERSION%"
set "FROM=%HARNESS_TRACING_FROM%"
set "SIGNATURE=required"
set "COMMAND="

:options
if "%~1"=="" goto parsed
if "%~1"=="--from" goto option_from
if "%~1"=="--version" goto option_version
if "%~1"=="--without-signature" goto option_signature
if not defined COMMAND set "COMMAND=%~1"
shift
goto options

:option_from
if "%~2"=="" echo install.bat: --from needs a folder or an address 1>&2 & exit /b 2
set "FROM=%~2"
call set "REST=%%REST:--from %2=%%"
shift
shift
goto options

:option_version
rem Alone, --version is the program's own.
if "%~2"=="" if not defined COMMAND set "COMMAND=--version"
if "%~2"=="" shift & goto options
set "VERSION=%~2"
call set "REST=%%REST:--version %2=%%"
shift
shift
goto options

:option_signature
set "SIGNATURE=optional"
call set "REST=%%REST:--without-signature=%%"
shift
goto options

:parsed
if not defined COMMAND goto usage
if "%COMMAND%"=="-h" goto usage
if "%COMMAND%"=="--help" goto usage
set "ISCOMMAND="
for %%c in (demo install uninstall update status doctor sessions show export flush config skill record help) do if /i "%COMMAND%"=="%%c" set "ISCOMMAND=1"
if "%COMMAND:~0,1%"=="-" set "ISCOMMAND=1"

if defined VERSION goto from_release
if defined FROM goto from_release
if not exist "%HERE%src\main.ts" goto from_release
if not exist "%HERE%build\build.ts" goto from_release

rem ---- from a clone

rem Always built afresh: it takes a second once the packages are there.
set "PROGRAM=%HERE%dist\harness-tracing.exe"
pushd "%HERE%"
where npm >nul 2>nul
if not errorlevel 1 goto with_npm
where bun >nul 2>nul
if not errorlevel 1 goto with_bun
popd
echo Cannot build: this needs Node 20 or newer with npm (https://nodejs.org), or Bun (https://bun.sh). 1>&2
exit /b 1

:with_npm
call npm run --silent build 1>&2
goto built

:with_bun
call bun build/ensure.mjs 1>&2
if errorlevel 1 goto built
call bun build/build.ts 1>&2

:built
if errorlevel 1 goto build_failed
popd
set "HARNESS_TRACING_INSTALLER=%SCRIPT%"
goto run

:build_failed
popd
echo The build failed (see above). 1>&2
exit /b 1

:run
if defined ISCOMMAND goto run_command
"%PROGRAM%" install %REST%
exit /b %errorlevel%

:run_command
"%PROGRAM%" %REST%
exit /b %errorlevel%

:usage
echo Usage: install.bat demo ^| claude [options] ^| update ^| uninstall ^| ^<command^> --help
echo        --version ^<version^>, --from ^<folder or address^>, --without-signature
if defined COMMAND exit /b 0
exit /b 2

rem ---- from a release

:from_release
set "PROGRAM=%INSTALLED%"
if not defined ISCOMMAND goto get_program
if /i "%COMMAND%"=="install" goto get_program
if /i "%COMMAND%"=="demo" goto demo
if not exist "%INSTALLED%" echo install.bat: harness-tracing is not installed for this user. To install it: install.bat claude 1>&2 & exit /b 1
if /i not "%COMMAND%"=="update" goto run
if defined VERSION set "REST=%REST% --version %VERSION%"
if defined FROM set "REST=%REST% --from "%FROM%""
goto run

:demo
rem What is installed will do, unless another one is asked for.
if not exist "%INSTALLED%" goto get_program
if defined VERSION goto get_program
if not defined FROM goto run

:get_program
set "TARGET=windows-x64"
if /i "%PROCESSOR_ARCHITECTURE%"=="ARM64" set "TARGET=windows-arm64"
if /i "%PROCESSOR_ARCHITEW6432%"=="ARM64" set "TARGET=windows-arm64"
set "BASE=%FROM%"
set "LATEST="
if defined BASE goto base_known
set "BASE=%RELEASES%/download/v%VERSION%"
if not defined VERSION set "BASE=%RELEASES%/latest/download"
if not defined VERSION set "LATEST=1"
:base_known
set "ISURL="
if /i "%BASE:~0,7%"=="http://" set "ISURL=1"
if /i "%BASE:~0,8%"=="https://" set "ISURL=1"
if defined ISURL goto base_ready
rem The work happens in another folder.
for %%f in ("%BASE%") do set "BASE=%%~ff"
:base_ready

set "WORK=%DOWNLOADS%\work.%RANDOM%%RANDOM%"
if not exist "%ROOT%\bin" mkdir "%ROOT%\bin" 2>nul
mkdir "%WORK%" 2>nul
if not exist "%WORK%" set "PROBLEM=%ROOT% cannot be written" & set "FIX=check the permissions of %USERHOME%\.arize" & goto failed
pushd "%WORK%"

set "SMALL=--silent --show-error"
call :fetch release.json release.json
if errorlevel 1 goto failed
call :fetch release.json.sig release.json.sig
if errorlevel 1 goto failed
call :fetch release.json.sshsig release.json.sshsig
if errorlevel 1 goto failed
call :check_signature
if "%VERDICT%"=="good" goto signed
if "%VERDICT%"=="bad" set "PROBLEM=the release's signature is wrong: its files were changed, or the download was. Nothing was installed." & set "FIX=try again, from another network; if it stays, tell the project: https://github.com/%REPOSITORY%/issues" & goto failed
if "%SIGNATURE%"=="required" set "PROBLEM=nothing on this machine can check the release's signature. Nothing was installed." & set "FIX=install Git for Windows, OpenSSH 8.1 or Node; or trust the connection alone: --without-signature" & goto failed

:signed
set "RELEASE="
for /f "usebackq tokens=1,2 delims=:, " %%a in ("release.json") do if "%%~a"=="version" set "RELEASE=%%~b"
if not defined RELEASE set "PROBLEM=the release's manifest cannot be read" & set "FIX=use the current installer" & goto failed
if not defined VERSION goto version_fits
if not "%VERSION%"=="%RELEASE%" set "PROBLEM=this is release %RELEASE%, not %VERSION%" & set "FIX=correct --version or --from" & goto failed
:version_fits
rem From here on this very release, whatever is published meanwhile.
if defined LATEST set "BASE=%RELEASES%/download/v%RELEASE%"

:get_target
set "FILE="
for /f "usebackq tokens=6-14 delims={}:, " %%a in ("release.json") do call :asset %%a %%e %%i
if not defined FILE set "PROBLEM=release %RELEASE% has no program for %TARGET%" & set "FIX=choose another with --version" & goto failed
if not exist "%INSTALLED%" goto download
call :sha256 "%INSTALLED%"
if /i not "%SUM%"=="%PROGRAM_HASH%" goto download
echo harness-tracing %RELEASE% is installed already. 1>&2
goto finish

:download
rem What an earlier run left is gone on with. Whoever comes second at the same time uses a file of its own.
set "PART=%DOWNLOADS%\%FILE%-%HASH:~0,16%.part"
set "LOCK=%PART%.lock"
mkdir "%LOCK%" 2>nul
if errorlevel 1 set "LOCK=" & set "PART=%WORK%\part"
set "BEGAN="
if exist "%PART%" set "BEGAN=1"
echo Downloading harness-tracing %RELEASE% for %TARGET% from %BASE% 1>&2
set "SMALL=--progress-bar"
if exist "%PART%" call :sha256 "%PART%"
if not exist "%PART%" set "SUM="
if /i "%SUM%"=="%HASH%" goto downloaded
call :fetch "%FILE%" "%PART%"
if errorlevel 1 goto failed
call :sha256 "%PART%"
if /i "%SUM%"=="%HASH%" goto downloaded
del /q "%PART%"
if not defined BEGAN goto wrong_hash
rem What an earlier run left may be the reason.
call :fetch "%FILE%" "%PART%"
if errorlevel 1 goto failed
call :sha256 "%PART%"
if /i "%SUM%"=="%HASH%" goto downloaded
del /q "%PART%"
:wrong_hash
set "PROBLEM=%FILE% does not have the hash that the release names: it was changed on the way. Nothing was installed."
if not defined SUM set "PROBLEM=certutil could not compute the hash of %FILE%. Nothing was installed."
set "FIX=try again, from another network or mirror"
goto failed

:downloaded
if exist program rd /s /q program
mkdir program
rem Relative names: a tar that comes first in PATH may take "C:" for a host.
copy /b /y "%PART%" archive >nul
set "TAR=%SystemRoot%\System32\tar.exe"
if not exist "%TAR%" set "TAR=tar"
"%TAR%" -xzf archive -C program
if errorlevel 1 set "PROBLEM=the program could not be unpacked to %DOWNLOADS%" & set "FIX=make room on that disk; Windows 10 1803 or newer has the tar that is needed" & goto failed
del /q archive
call :sha256 "program\harness-tracing.exe"
if /i not "%SUM%"=="%PROGRAM_HASH%" set "PROBLEM=the unpacked program is damaged" & set "FIX=check the disk, then try again" & goto failed

set "TOLD="
program\harness-tracing.exe --version >told.txt 2>&1 <nul
set "CODE=%errorlevel%"
for /f "usebackq delims=" %%l in ("told.txt") do set "TOLD=%%l"
if "%TOLD%"=="%RELEASE%" goto proven
rem An instruction that this processor does not have.
if not "%CODE%"=="-1073741795" goto does_not_run
if not "%TARGET%"=="windows-x64" goto does_not_run
echo This processor lacks instructions of that program; fetching the one for older processors. 1>&2
set "TARGET=windows-x64-baseline"
del /q "%PART%"
if defined LOCK rd "%LOCK%"
goto get_target

:does_not_run
type told.txt 1>&2
set "PROBLEM=the program for %TARGET% does not run here (exit code %CODE%). What was installed before is untouched."
set "FIX=report it with the lines above: https://github.com/%REPOSITORY%/issues"
goto failed

:proven
rem A running program cannot be replaced, but renamed.
del /q "%PREVIOUS%.*.old" >nul 2>nul
if not exist "%INSTALLED%" goto place
if not exist "%PREVIOUS%" goto keep
del /q "%PREVIOUS%" >nul 2>nul
if exist "%PREVIOUS%" move /y "%PREVIOUS%" "%PREVIOUS%.%RANDOM%.old" >nul
:keep
move /y "%INSTALLED%" "%PREVIOUS%" >nul
:place
move /y program\harness-tracing.exe "%INSTALLED%" >nul
if errorlevel 1 set "PROBLEM=%INSTALLED% could not be written" & set "FIX=check the permissions of %ROOT%\bin" & goto failed
del /q "%PART%"
echo Installed harness-tracing %RELEASE%: %INSTALLED% 1>&2

:finish
call :clean_up
goto run

:failed
call :clean_up
echo install.bat: %PROBLEM% 1>&2
echo To fix: %FIX% 1>&2
exit /b 1

:clean_up
popd
if defined LOCK rd "%LOCK%" 2>nul
if defined WORK rd /s /q "%WORK%" 2>nul
rd "%DOWNLOADS%" 2>nul
exit /b 0

rem fetch <name> <file>: one file of the release
:fetch
if defined ISURL goto fetch_url
set "PROBLEM=there is no %BASE%\%~1"
set "FIX=give --from the folder of a whole release"
if not exist "%BASE%\%~1" exit /b 1
copy /b /y "%BASE%\%~1" "%~2" >nul
if not errorlevel 1 exit /b 0
set "PROBLEM=%BASE%\%~1 could not be copied to %DOWNLOADS%"
set "FIX=make room on that disk"
exit /b 1

:fetch_url
set "RESUME="
if exist "%~2" set "RESUME=--continue-at -"
curl --fail --location --retry 3 --connect-timeout 20 --speed-limit 1 --speed-time 60 %SMALL% %RESUME% --output "%~2" "%BASE%/%~1"
set "CODE=%errorlevel%"
if "%CODE%"=="0" exit /b 0
set "PROBLEM=the download failed (curl ended with %CODE%): %BASE%/%~1"
set "FIX=try again; it goes on where it broke off"
if "%CODE%"=="9009" set "PROBLEM=curl is not on this machine" & set "FIX=Windows 10 1803 or newer has it; or give --from a folder with the release's files"
if "%CODE%"=="6" set "FIX=check the network, or HTTPS_PROXY where one is needed"
if "%CODE%"=="7" set "FIX=check the network, or HTTPS_PROXY where one is needed"
if "%CODE%"=="22" set "PROBLEM=the server does not have %BASE%/%~1" & set "FIX=check --version (%RELEASES%) and --from"
if "%CODE%"=="23" set "PROBLEM=the download could not be written to %DOWNLOADS%" & set "FIX=make room on that disk"
if "%CODE%"=="35" set "FIX=the server's certificate is not trusted: add your company's to Windows' certificates, or set CURL_CA_BUNDLE"
if "%CODE%"=="60" set "FIX=the server's certificate is not trusted: add your company's to Windows' certificates, or set CURL_CA_BUNDLE"
exit /b 1

rem asset <file> <hash> <hash of the program>: keeps those of this machine's program
:asset
if not "%~1"=="harness-tracing-%TARGET%.tar.gz" exit /b 0
set "FILE=%~1"
set "HASH=%~2"
set "PROGRAM_HASH=%~3"
exit /b 0

rem sha256 <file>: sets SUM. certutil's second line; older ones have blanks between the bytes.
:sha256
set "SUM="
for /f "skip=1 delims=" %%l in ('certutil -hashfile "%~1" SHA256') do if not defined SUM set "SUM=%%l"
if defined SUM set "SUM=%SUM: =%"
exit /b 0

rem Sets VERDICT: good, bad, or unknown where no tool can tell. One tool that says good suffices.
:check_signature
set "VERDICT=unknown"
>signers echo harness-tracing ssh-ed25519 %SSH_PUBLIC_KEY% release
>key.pem echo -----BEGIN PUBLIC KEY-----
>>key.pem echo MCowBQYDK2VwAyEA%PUBLIC_KEY%
>>key.pem echo -----END PUBLIC KEY-----
set "GIT=%ProgramFiles%\Git\usr\bin"
if not exist "%GIT%\openssl.exe" set "GIT=%LOCALAPPDATA%\Programs\Git\usr\bin"
call :with_openssl "%GIT%\openssl.exe"
if "%VERDICT%"=="good" exit /b 0
call :with_ssh "%GIT%\ssh-keygen.exe"
if "%VERDICT%"=="good" exit /b 0
call :with_ssh "%SystemRoot%\System32\OpenSSH\ssh-keygen.exe"
if "%VERDICT%"=="good" exit /b 0
where node >nul 2>nul
if errorlevel 1 exit /b 0
node -e "let good=false;try{const [k,m,s]=['key.pem','release.json','release.json.sig'].map((f)=>require('fs').readFileSync(f));good=require('crypto').verify(null,m,k,s)}catch{process.exit(3)}process.exit(good?0:4)" >nul 2>nul
if "%errorlevel%"=="0" set "VERDICT=good"
if "%errorlevel%"=="4" set "VERDICT=bad"
exit /b 0

:with_openssl
if not exist "%~1" exit /b 0
"%~1" pkeyutl -verify -pubin -inkey key.pem -rawin -in release.json -sigfile release.json.sig >nul 2>nul
if errorlevel 1 exit /b 0
set "VERDICT=good"
exit /b 0

:with_ssh
if not exist "%~1" exit /b 0
"%~1" -Y verify -f signers -I harness-tracing -n %NAMESPACE% -s release.json.sshsig <release.json >ssh.log 2>&1
if not errorlevel 1 set "VERDICT=good" & exit /b 0
find /i "signature" ssh.log >nul 2>nul
if not errorlevel 1 set "VERDICT=bad"
exit /b 0
